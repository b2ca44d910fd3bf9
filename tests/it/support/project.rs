//! A project directory and the program, run on it as a user would.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::repository;
use super::s3_server::{BUCKET, READ_KEY, S3Server, WRITE_KEY};

/// A project in a temporary directory.
pub struct Project {
    root: tempfile::TempDir,
}

/// The configuration of [`Project::plain`].
pub const PLAIN_TOML: &str = r#"[plugin.name]
component = "builtin:zos-naming"
config = { file = "data.fl", aliases = ["data-latest.fl"] }

[flist.data]
contents = "plain"
source = ["data"]
naming = "name"
"#;

/// What the program did.
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Project {
    /// The sample project, as it is in the repository.
    pub fn sample() -> Project {
        let project = Project { root: tempfile::tempdir().unwrap() };
        let sample = repository("config/sample");
        for part in ["config", "lib", "firmware"] {
            let status = Command::new("cp").arg("-a").arg(sample.join(part)).arg(project.path("")).status().unwrap();
            assert!(status.success());
        }
        project
    }

    /// A project with one flist, `data`, of the directory `data` with a few files; `contents = "plain"`.
    pub fn plain() -> Project {
        let project = Project { root: tempfile::tempdir().unwrap() };
        project.write("config/build.conf", "KERNEL_VERSION=6.12.44\n");
        project.write("config/kernel.config", "CONFIG_LOCALVERSION=\"-Zero-OS\"\n");
        project.write("config/flistry.toml", PLAIN_TOML);
        for (name, text) in [("one", "1"), ("sub/two", "22"), ("sub/deep/three", "333")] {
            project.write(&format!("data/{name}"), text);
        }
        project
    }

    /// The same with blobs and manifests on `server`.
    pub fn plain_on(server: &S3Server) -> Project {
        let project = Project::plain();
        project.write_rfs_conf(&rfs_conf(server));
        project
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Lets a filter drop paths: changes `toml`, a configuration with one flist.
    pub fn write_toml_without(&self, toml: &str, exclude: &[&str]) {
        let rules: Vec<String> = exclude.iter().map(|glob| format!("{{ exclude = \"{glob}\" }}")).collect();
        let plugin = "[plugin.leave-out]\ncomponent = \"builtin:path-filter\"";
        let flist = toml.replace("contents", "filters = [\"leave-out\"]\ncontents");
        self.write("config/flistry.toml", &format!("{plugin}\nconfig.rules = [{}]\n\n{flist}", rules.join(", ")));
    }

    /// Writes a program.
    pub fn write_script(&self, name: &str, text: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let source = format!("{name}.source");
        self.write(&source, text);
        std::fs::set_permissions(self.path(&source), std::fs::Permissions::from_mode(0o755)).unwrap();
        copy_program(&self.path(&source), &self.path(name));
        self.path(name)
    }

    pub fn write_rfs_conf(&self, text: &str) {
        use std::os::unix::fs::PermissionsExt;
        self.write("config/rfs.conf", text);
        std::fs::set_permissions(self.path("config/rfs.conf"), std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// Runs the program on this project.
    pub fn flistry(&self, args: &[&str]) -> Run {
        self.flistry_with(args, &[])
    }

    /// Runs the program as a user who is bound by permissions, even where the tests run as root.
    pub fn flistry_as_nobody(&self, args: &[&str]) -> Run {
        const NOBODY: u32 = 65534;
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(self.root.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let mut command = self.command(args);
        if rustix::process::geteuid().is_root() {
            // The build tree may lie where nobody can look.
            let copy = self.path("flistry");
            copy_program(Path::new(env!("CARGO_BIN_EXE_flistry")), &copy);
            command = self.command_of(&copy, args);
            command.uid(NOBODY).gid(NOBODY);
        }
        self.run(command)
    }

    /// Runs the program on this project, with variables in its environment.
    pub fn flistry_with(&self, args: &[&str], variables: &[(&str, &str)]) -> Run {
        let mut command = self.command(args);
        command.envs(variables.iter().copied());
        self.run(command)
    }

    fn command(&self, args: &[&str]) -> Command {
        self.command_of(Path::new(env!("CARGO_BIN_EXE_flistry")), args)
    }

    fn command_of(&self, program: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(args).args(["--project".as_ref(), self.root.path()]);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
    }

    fn run(&self, mut command: Command) -> Run {
        let output = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(self.root.path().to_str().unwrap(), "PROJECT");
        Run { code: output.status.code().unwrap(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// The report of a finished build.
    pub fn report(&self, flist: &str) -> Value {
        serde_json::from_slice(&std::fs::read(self.path(&format!("dist/flists/{flist}.report.json"))).unwrap()).unwrap()
    }

    /// The names in a directory, sorted; nothing where there is no directory.
    pub fn names(&self, directory: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path(directory)) else { return Vec::new() };
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Run {
    /// Panics with everything that was printed unless the program ended well.
    pub fn ok(self) -> Run {
        assert_eq!(self.code, 0, "{}{}", self.stdout, self.stderr);
        self
    }

    /// Checks that the program ended with `code` and printed exactly this error with this hint, and no backtrace.
    pub fn fails(&self, code: i32, error: &str, hint: &str) {
        let message =
            &self.stderr[self.stderr.find("error: ").unwrap_or_else(|| panic!("no error in {:?}", self.stderr))..];
        assert_eq!(message, format!("error: {error}\n  hint: {hint}\n"));
        assert_eq!(self.code, code, "{}", self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
    }
}

/// Copies a program by another process: a file that this one has open for writing when a test beside it starts a child
/// can't be run ("text file busy").
fn copy_program(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg(from).arg(to).status().unwrap().success());
}

/// Settings that fit the server.
pub fn rfs_conf(server: &S3Server) -> String {
    let endpoint = &server.url("", WRITE_KEY).endpoint;
    format!(
        "S3_ENDPOINT=http://{}:{}\nS3_BUCKET={BUCKET}\nS3_PREFIX=flists/test\n\
         S3_ACCESS_KEY={}\nS3_SECRET_KEY={}\nREAD_ACCESS_KEY={}\nREAD_SECRET_KEY={}\n\
         ROUTE_PATH=/{BUCKET}/flists/test\nUPLOAD_MANIFESTS=true\n",
        endpoint.host, endpoint.port, WRITE_KEY.0, WRITE_KEY.1, READ_KEY.0, READ_KEY.1
    )
}
