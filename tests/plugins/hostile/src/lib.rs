//! A component that misbehaves. The configuration says how: `{"do": "loop"}`. Each hook does what is asked for in the
//! first call that gets to it; a word that means nothing to a hook leaves it well-behaved.
//!
//! | word | where | what |
//! |---|---|---|
//! | `loop`, `recurse`, `grow`, `trap` | any hook | never ends; fills the stack; takes all memory; traps |
//! | `log-giant`, `log-flood` | any | one line of 100 MB; lines without end |
//! | `open-ungranted` | any | opens the tree `secrets`; `ungranted` in its error's message is the host's answer |
//! | `hoard`, `read-forever`, `read-giant` | any | handles of its own tree without end; reads its file 1 MiB at a time without end; asks for `u32::MAX` bytes |
//! | `entries-giant`, `modinfo-giant` | any | asks for `u32::MAX` entries; for a module a million times |
//! | `error-giant`, `error-control` | any | an error of 50 MB; one with control characters and line breaks |
//! | `reason-giant`, `verdicts-giant` | filter | a reason of 50 MB; a million verdicts |
//! | `too-few`, `too-many`, `none`, `drop-all` | filter | one verdict too few; one too many; none at all; drops everything |
//! | `trap-later` | filter | traps in the second batch, or at the end of the only one |
//! | `escape-parent`, `escape-absolute`, `escape-link`, `escape-target`, `absolute-target` | post-pack | symlinks at `../x`, `/x`, through the symlink `link-out`; to `../../x`, to `/etc/passwd` |
//! | `no-directory`, `duplicate`, `loop-links`, `remove-root`, `remove-nothing` | post-pack | a symlink in no directory; one name twice; symlinks at each other; removes the root; an entry that does not exist |
//! | `tag-giant`, `tag-host`, `tag-empty`, `key-giant`, `operations` | post-pack | a value of 1 MB; `flistry.version`; an empty key; a key of 1 MB; removals without end |
//! | `name-parent`, `name-space`, `name-empty`, `name-long`, `name-shell`, `name-dash`, `name-dot`, `name-nul`, `alias-bad`, `alias-many`, `alias-same`, `title-giant` | naming | what can't be a name |
//! | `read-out` | any | logs the contents of each file of its own tree; what it can't read is a finding with the error's code |
//! | `tell-log`, `tell-debug`, `tell-explain`, `tell-finding`, `tell-finding-key`, `tell-error`, `tell-code` | any | says what the parts of `text` make together |
//! | `tell-reason`, `tell-name`, `tell-alias`, `tell-title`, `tell-tag`, `tell-tag-key`, `tell-removed-tag`, `tell-target`, `tell-path`, `tell-validate` | their hook | the same in an answer |
//! | `findings-flood`, `explain-flood` | any | 1,000 bytes a time, without end |
//! | `log-steady`, `reasons-flood` | filter | 200 kB of log in each call; a reason of 1,000 bytes for each entry |
//! | `tags-flood`, `removed-tags-flood`, `symlinks-flood` | post-pack | 1,000 bytes a time, without end |
//! | `tag-key` | post-pack | sets a tag whose key is `text` |
//! | `remove-all`, `chain` | post-pack | removes whatever is in the root; a chain of 41 symlinks to the first file |
//! | `refuse`, `validate-loop`, `validate-trap`, `validate-build` | validate | refuses; never ends; traps; asks what is being built |

use std::cell::Cell;

use exports::flistry::plugin::filter::{Filter, Guest as FilterHook, GuestFilter, Verdict};
use exports::flistry::plugin::naming::{Guest as Naming, Names};
use exports::flistry::plugin::post_pack::{Draft, Guest as PostPack};
use exports::flistry::plugin::validation::Guest as Validation;
use flistry::plugin::log::{Level, log};
use flistry::plugin::types::{Entry, Error, Kind};
use flistry::plugin::{build, configuration, module_info, report, trees};

wit_bindgen::generate!({ path: "../../../wit", world: "every-hook", generate_all });

struct Hostile;

export!(Hostile);

#[derive(serde::Deserialize)]
struct Config {
    #[serde(default)]
    r#do: String,
    /// In parts, so that what must not be in a configuration can be put together from one.
    #[serde(default)]
    text: Vec<String>,
}

const MEGABYTE: usize = 1_000_000;

fn word() -> String {
    serde_json::from_str::<Config>(&configuration::json()).map(|config| config.r#do).unwrap_or_default()
}

fn text() -> String {
    serde_json::from_str::<Config>(&configuration::json()).map(|config| config.text.concat()).unwrap_or_default()
}

fn error(code: &str, message: impl Into<String>) -> Error {
    Error { code: code.to_owned(), message: message.into(), entry: None }
}

/// An endless loop that the compiler can't remove.
fn spin() -> ! {
    let mut count = 0u64;
    loop {
        count = std::hint::black_box(count.wrapping_add(1));
    }
}

#[allow(unconditional_recursion)]
fn recurse(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 16]);
    recurse(depth + 1) + frame[(depth % 16) as usize]
}

/// What any hook can do.
fn misbehave(word: &str) -> Result<(), Error> {
    let own = || trees::open(&build::flist());
    let file = |tree: &trees::Tree| {
        let all = tree.entries(0, tree.len());
        all.into_iter()
            .find(|entry| entry.kind == Kind::File && entry.size > 0)
            .ok_or(error("no-file", "no file to read"))
    };
    match word {
        "loop" => spin(),
        "recurse" => {
            std::hint::black_box(recurse(0));
        }
        "grow" => {
            let mut hoard: Vec<Vec<u8>> = Vec::new();
            loop {
                hoard.push(std::hint::black_box(vec![1; MEGABYTE]));
            }
        }
        "trap" => panic!("on purpose"),
        "open-ungranted" => {
            let refused = trees::open("secrets").err().ok_or(error("opened", "the tree `secrets` was opened"))?;
            return Err(error("ungranted", refused.message));
        }
        "hoard" => {
            let mut hoard = Vec::new();
            loop {
                hoard.push(own()?);
            }
        }
        "read-forever" => {
            let tree = own()?;
            let file = file(&tree)?;
            loop {
                std::hint::black_box(tree.read(file.id, 0, 1 << 20)?);
            }
        }
        "read-giant" => {
            let tree = own()?;
            let file = file(&tree)?;
            let bytes = tree.read(file.id, 0, u32::MAX)?;
            let beyond = tree.read(file.id, u64::MAX, u32::MAX)?;
            log(Level::Info, &format!("{} and {} bytes", bytes.len(), beyond.len()));
        }
        "entries-giant" => {
            let tree = own()?;
            let (all, beyond) = (tree.entries(0, u32::MAX), tree.entries(u32::MAX, u32::MAX));
            log(Level::Info, &format!("{} and {} entries", all.len(), beyond.len()));
        }
        "modinfo-giant" => {
            let tree = own()?;
            std::hint::black_box(module_info::read(&tree, &vec![0; MEGABYTE]));
        }
        _ => return say(word),
    }
    Ok(())
}

/// What any hook can say.
fn say(word: &str) -> Result<(), Error> {
    match word {
        "log-giant" => log(Level::Warn, &"x".repeat(100 * MEGABYTE)),
        "log-flood" => loop {
            log(Level::Warn, "a flood of lines, one as the other");
        },
        "error-giant" => return Err(error("giant", "x".repeat(50 * MEGABYTE))),
        "error-control" => return Err(error("a\u{1b}[31m", "red \u{1b}[31m\r\n\u{7}\u{0}error: all is well")),
        "read-out" => {
            let tree = trees::open(&build::flist())?;
            for entry in tree.entries(0, tree.len()).iter().filter(|entry| entry.kind == Kind::File) {
                match tree.read(entry.id, 0, 1000) {
                    Ok(bytes) => log(Level::Warn, &String::from_utf8_lossy(&bytes)),
                    Err(why) => report::finding(&why.code, &entry.path),
                }
            }
        }
        "tell-log" => log(Level::Warn, &text()),
        "tell-debug" => log(Level::Debug, &text()),
        "tell-explain" => report::explain(0, &text()),
        "tell-finding" => report::finding("found", &text()),
        "tell-finding-key" => report::finding(&text(), "found"),
        "tell-error" => return Err(error("told", text())),
        "tell-code" => return Err(error(&text(), "told")),
        "findings-flood" => loop {
            report::finding("found", &"x".repeat(1000));
        },
        "explain-flood" => loop {
            report::explain(0, &"x".repeat(1000));
        },
        _ => {}
    }
    Ok(())
}

impl Validation for Hostile {
    fn validate() -> Result<(), Error> {
        match &*word() {
            "refuse" => Err(error("refused", "this configuration is refused, in the plugin's own words")),
            "validate-loop" => spin(),
            "validate-trap" => panic!("on purpose"),
            "tell-validate" => Err(error("told", text())),
            "validate-build" => Err(error("told", build::flist())),
            _ => Ok(()),
        }
    }
}

/// A filter with the word that it was made with.
struct Misfilter {
    word: String,
    batches: Cell<u32>,
}

impl FilterHook for Hostile {
    type Filter = Misfilter;
}

impl GuestFilter for Misfilter {
    fn create() -> Result<Filter, Error> {
        let word = word();
        misbehave(&word)?;
        Ok(Filter::new(Misfilter { word, batches: Cell::new(0) }))
    }

    fn decide(&self, batch: Vec<Entry>) -> Result<Vec<Verdict>, Error> {
        let mut verdicts = vec![Verdict::Keep; batch.len()];
        self.batches.set(self.batches.get() + 1);
        match &*self.word {
            "reason-giant" => verdicts[0] = Verdict::Drop("x".repeat(50 * MEGABYTE)),
            "verdicts-giant" => verdicts = vec![Verdict::Keep; MEGABYTE],
            "too-few" => drop(verdicts.pop()),
            "too-many" => verdicts.push(Verdict::Drop("changed its mind".to_owned())),
            "none" => verdicts.clear(),
            "drop-all" => verdicts = vec![Verdict::Drop("all of it".to_owned()); batch.len()],
            "tell-reason" => verdicts[0] = Verdict::Drop(text()),
            "reasons-flood" => verdicts = vec![Verdict::Drop("x".repeat(1000)); batch.len()],
            "log-steady" => log(Level::Debug, &"x".repeat(200_000)),
            "trap-later" if self.batches.get() > 1 || batch.len() < 1000 => panic!("half-way through"),
            _ => {}
        }
        Ok(verdicts)
    }
}

impl Naming for Hostile {
    fn name() -> Result<Names, Error> {
        let word = word();
        misbehave(&word)?;
        let mut names = Names { file: format!("{}.fl", build::flist()), aliases: Vec::new(), title: None };
        match &*word {
            "name-parent" => names.file = "../x.fl".to_owned(),
            "name-space" => names.file = "a b.fl".to_owned(),
            "name-empty" => names.file = String::new(),
            "name-long" => names.file = format!("{}.fl", "x".repeat(297)),
            "name-shell" => names.file = "$(reboot).fl".to_owned(),
            "name-dash" => names.file = "-rf.fl".to_owned(),
            "name-dot" => names.file = ".x.fl".to_owned(),
            "name-nul" => names.file = "x\0.fl".to_owned(),
            "alias-bad" => names.aliases = vec!["../x.fl".to_owned()],
            "alias-many" => names.aliases = (0..100_000).map(|n| format!("a{n}.fl")).collect(),
            "alias-same" => names.aliases = vec![names.file.clone()],
            "tell-name" => names.file = format!("{}.fl", text()),
            "tell-alias" => names.aliases = vec![format!("{}.fl", text())],
            "tell-title" => names.title = Some(text()),
            "title-giant" => names.title = Some("x".repeat(MEGABYTE)),
            _ => {}
        }
        Ok(names)
    }
}

impl PostPack for Hostile {
    fn edit(draft: &Draft) -> Result<(), Error> {
        let word = word();
        misbehave(&word)?;
        match &*word {
            "escape-parent" => draft.add_symlink("../x", "y"),
            "escape-absolute" => draft.add_symlink("/x", "y"),
            "escape-link" => draft.add_symlink("link-out/x", "y"),
            "escape-target" => draft.add_symlink("x", "../../x"),
            "absolute-target" => draft.add_symlink("x", "/etc/passwd"),
            "no-directory" => draft.add_symlink("no/such/directory", "x"),
            "duplicate" => {
                draft.add_symlink("same", "a");
                draft.add_symlink("same", "b");
            }
            "loop-links" => {
                draft.add_symlink("one", "two");
                draft.add_symlink("two", "one");
            }
            "remove-root" => draft.remove(0),
            "remove-nothing" => draft.remove(u32::MAX),
            "tag-giant" => draft.set_tag("giant", &"x".repeat(MEGABYTE)),
            "tag-host" => draft.set_tag("flistry.version", "9"),
            "tag-empty" => draft.set_tag("", "x"),
            "key-giant" => draft.set_tag(&"x".repeat(MEGABYTE), "x"),
            "tell-tag" => draft.set_tag("told", &text()),
            "tell-tag-key" | "tag-key" => draft.set_tag(&text(), "told"),
            "tell-removed-tag" => draft.remove_tag(&text()),
            "tell-target" => draft.add_symlink("told", &text()),
            "tell-path" => draft.add_symlink(&text(), "."),
            "tags-flood" => (0..).for_each(|n: u64| draft.set_tag(&format!("tag-{n}"), &"x".repeat(1000))),
            "removed-tags-flood" => loop {
                draft.remove_tag(&"x".repeat(60));
            },
            "symlinks-flood" => loop {
                draft.add_symlink("x", &"x".repeat(1000));
            },
            "remove-all" => {
                let entries = draft.entries(0, draft.len());
                let in_root = entries.iter().filter(|entry| !entry.path.is_empty() && !entry.path.contains('/'));
                in_root.for_each(|entry| draft.remove(entry.id));
            }
            "chain" => {
                let entries = draft.entries(0, draft.len());
                let file = entries.iter().find(|entry| entry.kind == Kind::File).map_or("", |entry| &entry.path);
                for n in 0..41 {
                    let target = if n == 0 { file.to_owned() } else { format!("chain-{}", n - 1) };
                    draft.add_symlink(&format!("chain-{n}"), &target);
                }
            }
            "operations" => loop {
                draft.remove(1);
            },
            _ => {}
        }
        Ok(())
    }
}
