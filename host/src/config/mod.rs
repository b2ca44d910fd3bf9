//! What a build is to do: `config/flistry.toml`, `build.conf`, `kernel.config` and `rfs.conf`, checked together
//! into one [`Config`]. Each file has a parser of its own that takes text; only [`Config::load`] reads files, and
//! nothing reads the environment: the program passes it in.
