//! Globs on paths: of the rules of plugins and of the command line's patterns.
//!
//! | | matches |
//! |---|---|
//! | `*`, `?` | any text, any character, within a name |
//! | `**` as a whole part | any directories; at the end all that is in a directory |
//! | `[a-z]`, `[!a-z]` | a character of the set, or not of it |
//! | `{a,b/c}` | either |
//! | `\*` | the character itself |
//!
//! Written for its size: a matcher on regular expressions makes a component five times as large.

/// Alternatives that `{…}` may come to in one glob: what nested ones multiply to has to end somewhere.
const MAX_ALTERNATIVES: usize = 256;

/// A compiled glob.
#[derive(Clone, Debug)]
pub struct Glob {
    text: String,
    alternatives: Vec<Vec<Part>>,
}

#[derive(Clone, Debug)]
enum Part {
    Directories,
    Name(Vec<Token>),
}

#[derive(Clone, Debug)]
enum Token {
    Literal(char),
    Any,
    Star,
    Set { negated: bool, ranges: Vec<(char, char)> },
}

impl Glob {
    /// Compiles a glob on a path without slashes at its ends. The error says what is wrong with it.
    pub fn new(text: &str) -> Result<Glob, String> {
        if text.is_empty() {
            return Err("an empty pattern matches nothing".to_owned());
        }
        let mut texts = Vec::new();
        expand(text, &mut texts).map_err(|what| format!("the pattern `{text}` is not a glob: {what}"))?;
        let alternatives = texts.iter().map(|alternative| {
            let parts: Vec<&str> = alternative.split('/').collect();
            if parts.iter().any(|part| matches!(*part, "" | "." | "..")) {
                return Err(format!("the pattern `{text}` can match no path: it has an empty part, `.` or `..`"));
            }
            let parsed: Result<_, String> = parts.into_iter().map(Part::parse).collect();
            parsed.map_err(|what| format!("the pattern `{text}` is not a glob: {what}"))
        });
        Ok(Glob { alternatives: alternatives.collect::<Result<_, _>>()?, text: text.to_owned() })
    }

    /// The glob as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the path itself matches.
    pub fn matches(&self, path: &str) -> bool {
        self.any(path, false)
    }

    /// Whether the path, or a directory that it lies in, matches.
    pub fn covers(&self, path: &str) -> bool {
        self.any(path, true)
    }

    fn any(&self, path: &str, within: bool) -> bool {
        let first = path.chars().next();
        // One glob is tried on thousands of paths, and nearly all of them begin otherwise.
        let mut likely = self.alternatives.iter().filter(|parts| may_begin(parts, first)).peekable();
        if first.is_none() || likely.peek().is_none() {
            return false;
        }
        let names: Vec<&str> = path.split('/').collect();
        likely.any(|parts| match_parts(parts, &names, within))
    }
}

/// Whether what matches can begin so.
fn may_begin(parts: &[Part], first: Option<char>) -> bool {
    match parts.first() {
        Some(Part::Name(tokens)) => !matches!(tokens.first(), Some(Token::Literal(c)) if Some(*c) != first),
        _ => true,
    }
}

/// The alternatives that the braces of `text` stand for.
fn expand(text: &str, out: &mut Vec<String>) -> Result<(), String> {
    let Some((before, inner, after)) = first_braces(text)? else {
        out.push(text.to_owned());
        return if out.len() > MAX_ALTERNATIVES {
            Err(format!("more than {MAX_ALTERNATIVES} alternatives"))
        } else {
            Ok(())
        };
    };
    inner.into_iter().try_for_each(|choice| expand(&format!("{before}{choice}{after}"), out))
}

type Braces<'a> = (&'a str, Vec<&'a str>, &'a str);

/// The first pair of braces: what is before, the choices, what is after.
fn first_braces(text: &str) -> Result<Option<Braces<'_>>, String> {
    let (mut depth, mut open, mut start) = (0, 0, 0);
    let (mut choices, mut in_set, mut escaped) = (Vec::new(), false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if !in_set => escaped = true,
            '[' if !in_set => in_set = true,
            ']' => in_set = false,
            _ if in_set => {}
            '{' => {
                depth += 1;
                if depth == 1 {
                    (open, start) = (at, at + 1);
                }
            }
            ',' if depth == 1 => {
                choices.push(&text[start..at]);
                start = at + 1;
            }
            '}' if depth == 0 => return Err("`}` without `{`".to_owned()),
            '}' => {
                depth -= 1;
                if depth == 0 {
                    choices.push(&text[start..at]);
                    return Ok(Some((&text[..open], choices, &text[at + 1..])));
                }
            }
            _ => {}
        }
    }
    if depth > 0 { Err("`{` without `}`".to_owned()) } else { Ok(None) }
}

impl Part {
    fn parse(text: &str) -> Result<Part, String> {
        if text == "**" {
            return Ok(Part::Directories);
        }
        let mut tokens = Vec::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            tokens.push(match c {
                '?' => Token::Any,
                '*' => Token::Star,
                '[' => parse_set(&mut chars)?,
                '\\' => Token::Literal(chars.next().ok_or("`\\` at the end of a part")?),
                c => Token::Literal(c),
            });
        }
        Ok(Part::Name(tokens))
    }
}

/// A set, after its `[`.
fn parse_set(chars: &mut std::str::Chars<'_>) -> Result<Token, String> {
    let rest = chars.as_str();
    let body = rest.strip_prefix(['!', '^']).unwrap_or(rest);
    let negated = body.len() < rest.len();
    // A `]` at the beginning is one of the characters.
    let len = body.char_indices().skip(1).find(|(_, c)| *c == ']').map(|(at, _)| at).ok_or("`[` without `]`")?;
    let set: Vec<char> = body[..len].chars().collect();
    let mut ranges = Vec::new();
    let mut at = 0;
    while at < set.len() {
        let last = if at + 2 < set.len() && set[at + 1] == '-' { at + 2 } else { at };
        if set[at] > set[last] {
            return Err(format!("the range `{}-{}` is empty", set[at], set[last]));
        }
        ranges.push((set[at], set[last]));
        at = last + 1;
    }
    *chars = body[len + 1..].chars();
    Ok(Token::Set { negated, ranges })
}

/// Whether `parts` match `names` or, with `within`, the first of them. Goes back only to the last `**`, which finds a match
/// where there is one.
fn match_parts(parts: &[Part], names: &[&str], within: bool) -> bool {
    let (mut part, mut name) = (0, 0);
    let mut again: Option<(usize, usize)> = None;
    loop {
        match parts.get(part) {
            None if within || name == names.len() => return true,
            // A `**` at the end stands for something that is in the directory.
            Some(Part::Directories) if part + 1 == parts.len() => return name < names.len(),
            Some(Part::Directories) => {
                again = Some((part + 1, name));
                part += 1;
                continue;
            }
            Some(Part::Name(tokens)) if names.get(name).is_some_and(|name| match_name(tokens, name)) => {
                part += 1;
                name += 1;
                continue;
            }
            _ => {}
        }
        match &mut again {
            Some((after, from)) if *from < names.len() => {
                *from += 1;
                (part, name) = (*after, *from);
            }
            _ => return false,
        }
    }
}

/// Whether `tokens` match a name; goes back only to the last `*`.
fn match_name(tokens: &[Token], name: &str) -> bool {
    let (mut token, mut rest) = (0, name.chars());
    let mut again: Option<(usize, std::str::Chars<'_>)> = None;
    loop {
        let mut ahead = rest.clone();
        match (tokens.get(token), ahead.next()) {
            (None, None) => return true,
            (Some(Token::Star), _) => {
                again = Some((token + 1, rest.clone()));
                token += 1;
                continue;
            }
            (Some(one), Some(c)) if one.matches(c) => {
                token += 1;
                rest = ahead;
                continue;
            }
            _ => {}
        }
        let Some((after, from)) = &mut again else { return false };
        if from.next().is_none() {
            return false;
        }
        (token, rest) = (*after, from.clone());
    }
}

impl Token {
    fn matches(&self, c: char) -> bool {
        match self {
            Token::Literal(literal) => *literal == c,
            Token::Any => true,
            Token::Star => false,
            Token::Set { negated, ranges } => ranges.iter().any(|(from, to)| (*from..=*to).contains(&c)) != *negated,
        }
    }
}

/// Ordered rules that include or exclude; the last one that matches wins. A directory takes its contents along.
#[derive(Clone, Debug, Default)]
pub struct Rules(Vec<Rule>);

/// One of them.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Which paths it decides about.
    pub glob: Glob,
    /// Whether they go in.
    pub include: bool,
}

impl Rules {
    /// Puts rules in order.
    pub fn new(rules: impl IntoIterator<Item = Rule>) -> Rules {
        Rules(rules.into_iter().collect())
    }

    /// The rule that decides about a path, and its place from 0; `None` where none matches.
    pub fn decide(&self, path: &str) -> Option<(usize, &Rule)> {
        self.0.iter().enumerate().rev().find(|(_, rule)| rule.glob.covers(path))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn glob(text: &str) -> Glob {
        Glob::new(text).unwrap()
    }

    #[test]
    fn a_directory_takes_its_contents_along() {
        let covers = |pattern, path| glob(pattern).covers(path);
        assert!(covers("build", "build") && covers("build", "build/a/b"));
        assert!(!covers("build", "kernel/build") && !covers("build", "buildx"));
        assert!(covers("**/*.ko", "a/b.ko") && covers("**/*.ko", "b.ko"));
        assert!(!covers("*.ko", "a/b.ko") && covers("a/*", "a/b/c"));
        assert!(covers("{x,y}", "y/z") && covers("**/d", "a/d/e/f") && !covers("a/**", "a"));
        assert!(!covers("**", "") && covers("**", "a"));
    }

    #[test]
    fn the_last_match_wins() {
        let rule = |text: &str| Rule { glob: glob(&text[1..]), include: text.starts_with('+') };
        let rules = Rules::new(["-kernel", "+kernel/net", "-**/*.gz"].map(rule));
        let decide = |path| rules.decide(path).map(|(place, rule)| (place, rule.include));
        assert_eq!(decide("kernel/fs/ext4.ko"), Some((0, false)));
        assert_eq!(decide("kernel/net/a.ko"), Some((1, true)));
        assert_eq!(decide("kernel/net/a.ko.gz"), Some((2, false)));
        assert_eq!(decide("modules.dep"), None);
    }

    #[test]
    fn each_mistake_has_its_message() {
        let message = |text| Glob::new(text).unwrap_err();
        assert_eq!(message(""), "an empty pattern matches nothing");
        for text in ["/a", "a/", "../a", "./a", "a//b"] {
            assert_eq!(
                message(text),
                format!("the pattern `{text}` can match no path: it has an empty part, `.` or `..`")
            );
        }
        for (text, what) in [
            ("a[", "`[` without `]`"),
            ("{a", "`{` without `}`"),
            ("a}", "`}` without `{`"),
            ("[z-a]", "the range `z-a` is empty"),
            ("a\\", "`\\` at the end of a part"),
            (&"{a,b}".repeat(9), "more than 256 alternatives"),
        ] {
            assert_eq!(message(text), format!("the pattern `{text}` is not a glob: {what}"));
        }
    }

    #[test]
    fn long_ones_end() {
        // Exponential in a matcher that goes back to every star.
        assert!(!glob(&"*a".repeat(40)).matches(&"a".repeat(39)));
        assert!(!glob(&format!("{}b", "**/a/".repeat(20))).matches("a/".repeat(200).trim_end_matches('/')));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn no_text_panics(pattern in ".{0,20}", path in ".{0,20}") {
            if let Ok(glob) = Glob::new(&pattern) {
                glob.covers(&path);
            }
        }
    }
}
