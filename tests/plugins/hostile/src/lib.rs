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
//! | `no-such-entry`, `twice`, `missing`, `drop-root` | filter | a verdict for another entry; two for one; one too few; drops the root |
//! | `trap-later` | filter | traps in the second batch, or at the end of the only one |
//! | `escape-parent`, `escape-absolute`, `escape-link`, `escape-target`, `absolute-target` | post-pack | links at `../x`, `/x`, through the link `link-out`; to `../../x`, to `/etc/passwd` |
//! | `no-folder`, `duplicate`, `loop-links`, `remove-root`, `remove-nothing` | post-pack | a link in no folder; one name twice; links at each other; removes the root; an entry that is not there |
//! | `tag-giant`, `tag-host`, `tag-empty`, `key-giant`, `operations` | post-pack | a value of 1 MB; `flistry.version`; an empty key; a key of 1 MB; removals without end |
//! | `name-parent`, `name-space`, `name-empty`, `name-long`, `name-shell`, `name-dash`, `name-dot`, `name-nul`, `alias-bad`, `alias-many`, `alias-same`, `title-giant` | naming | names that are none |
//! | `refuse`, `validate-loop`, `validate-trap` | validate | refuses; never ends; traps |

use std::cell::{Cell, RefCell};

use exports::flistry::plugin::configuration::Guest as Configuration;
use exports::flistry::plugin::filter::{Guest as Filter, Verdict};
use exports::flistry::plugin::naming::{Guest as Naming, Names};
use exports::flistry::plugin::post_pack::{Guest as PostPack, Manifest};
use flistry::plugin::log::{Level, log};
use flistry::plugin::types::{Entry, EntryId, Error, Facts, Kind};
use flistry::plugin::{module_info, trees};

wit_bindgen::generate!({ path: "../../../wit", world: "every-hook", generate_all });

struct Hostile;

export!(Hostile);

thread_local! {
    static WORD: RefCell<String> = const { RefCell::new(String::new()) };
    static BATCHES: Cell<u32> = const { Cell::new(0) };
}

#[derive(serde::Deserialize)]
struct Config {
    #[serde(default)]
    r#do: String,
}

const MEGABYTE: usize = 1_000_000;

fn word(config: &str) -> String {
    serde_json::from_str::<Config>(config).map(|config| config.r#do).unwrap_or_default()
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
fn misbehave(word: &str, flist: &str) -> Result<(), Error> {
    let own = || trees::open(flist);
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
        "log-giant" => log(Level::Warn, &"x".repeat(100 * MEGABYTE)),
        "log-flood" => loop {
            log(Level::Warn, "a flood of lines, one as the other");
        },
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
        "error-giant" => return Err(error("giant", "x".repeat(50 * MEGABYTE))),
        "error-control" => return Err(error("a\u{1b}[31m", "red \u{1b}[31m\r\n\u{7}\u{0}error: all is well")),
        _ => {}
    }
    Ok(())
}

impl Configuration for Hostile {
    fn validate(config: String) -> Result<(), Error> {
        match &*word(&config) {
            "refuse" => Err(error("refused", "this configuration is refused, in the plugin's own words")),
            "validate-loop" => spin(),
            "validate-trap" => panic!("on purpose"),
            _ => Ok(()),
        }
    }
}

impl Filter for Hostile {
    fn begin(facts: Facts, config: String) -> Result<(), Error> {
        let word = word(&config);
        misbehave(&word, &facts.flist)?;
        WORD.set(word);
        Ok(())
    }

    fn decide(batch: Vec<Entry>) -> Result<Vec<(EntryId, Verdict)>, Error> {
        let word = WORD.with_borrow(String::clone);
        let mut verdicts: Vec<_> = batch.iter().map(|entry| (entry.id, Verdict::Keep)).collect();
        BATCHES.set(BATCHES.get() + 1);
        match &*word {
            "reason-giant" => verdicts[0].1 = Verdict::Drop("x".repeat(50 * MEGABYTE)),
            "verdicts-giant" => verdicts = vec![(0, Verdict::Keep); MEGABYTE],
            "no-such-entry" => verdicts[0].0 = u32::MAX,
            "twice" => verdicts.push((batch[0].id, Verdict::Drop("changed its mind".to_owned()))),
            "missing" => drop(verdicts.pop()),
            "drop-root" => {
                for (_, verdict) in &mut verdicts {
                    *verdict = Verdict::Drop("all of it".to_owned());
                }
            }
            "trap-later" if BATCHES.get() > 1 || batch.len() < 1000 => panic!("half-way through"),
            _ => {}
        }
        Ok(verdicts)
    }
}

impl Naming for Hostile {
    fn name(facts: Facts, config: String) -> Result<Names, Error> {
        let word = word(&config);
        misbehave(&word, &facts.flist)?;
        let mut names = Names { file: format!("{}.fl", facts.flist), aliases: Vec::new(), title: String::new() };
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
            "title-giant" => names.title = "x".repeat(MEGABYTE),
            _ => {}
        }
        Ok(names)
    }
}

impl PostPack for Hostile {
    fn edit(facts: Facts, config: String, manifest: &Manifest) -> Result<(), Error> {
        let word = word(&config);
        misbehave(&word, &facts.flist)?;
        match &*word {
            "escape-parent" => manifest.add_symlink("../x", "y"),
            "escape-absolute" => manifest.add_symlink("/x", "y"),
            "escape-link" => manifest.add_symlink("link-out/x", "y"),
            "escape-target" => manifest.add_symlink("x", "../../x"),
            "absolute-target" => manifest.add_symlink("x", "/etc/passwd"),
            "no-folder" => manifest.add_symlink("no/such/folder", "x"),
            "duplicate" => {
                manifest.add_symlink("same", "a");
                manifest.add_symlink("same", "b");
            }
            "loop-links" => {
                manifest.add_symlink("one", "two");
                manifest.add_symlink("two", "one");
            }
            "remove-root" => manifest.remove(0),
            "remove-nothing" => manifest.remove(u32::MAX),
            "tag-giant" => manifest.set_tag("giant", &"x".repeat(MEGABYTE)),
            "tag-host" => manifest.set_tag("flistry.version", "9"),
            "tag-empty" => manifest.set_tag("", "x"),
            "key-giant" => manifest.set_tag(&"x".repeat(MEGABYTE), "x"),
            "operations" => loop {
                manifest.remove(1);
            },
            _ => {}
        }
        Ok(())
    }
}
