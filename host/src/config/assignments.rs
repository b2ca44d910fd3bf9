//! Shell-style assignments, as in `build.conf` and `rfs.conf`: read the way a POSIX shell would, never executed.
//!
//! Understood: comments, quotes, escapes, `export`, several assignments on a line, `$NAME`, `${NAME}` and
//! `${NAME:-default}`. A reference means the assignment above it, else the environment, else nothing, as in a
//! shell. A command substitution, and every other expansion that a shell would make (`~`, `$((…))`), is an error
//! that names its line. No error holds a value: it may be a credential.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use flistry_common::text::BYTE_ORDER_MARK;

/// Bytes of the longest value. References can double a value on each line; this is where that ends.
const MAX_VALUE: usize = 64 * 1024;

/// How deep `${A:-${B:-…}}` may nest.
const MAX_DEPTH: usize = 16;

/// A file's assignments; the last one to a key counts.
#[derive(Default)]
pub struct Assignments {
    values: BTreeMap<String, Assignment>,
    references: BTreeSet<String>,
}

/// One value and where it was given.
#[derive(Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The value, expanded and without its quotes.
    pub value: String,
    /// The line of its key, from 1.
    pub line: usize,
}

impl Assignments {
    /// What `key` was set to.
    pub fn get(&self, key: &str) -> Option<&Assignment> {
        self.values.get(key)
    }

    /// All of them, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Assignment)> {
        self.values.iter().map(|(key, assignment)| (key.as_str(), assignment))
    }

    /// Whether another value refers to `key`: a helper variable, whatever its name.
    pub fn is_referenced(&self, key: &str) -> bool {
        self.references.contains(key)
    }
}

/// Keys alone: a value may be a credential.
impl fmt::Debug for Assignments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

/// A line that is not just an assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AssignmentError {
    /// The line, from 1.
    pub line: usize,
    /// The key that was being assigned, where it is known.
    pub key: Option<String>,
    /// What is wrong.
    pub problem: AssignmentProblem,
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AssignmentProblem {
    /// A command, a condition, a single word.
    #[error("not an assignment")]
    NotAssignment,
    /// `KEY = value`.
    #[error("blanks around the `=`")]
    Blanks,
    /// `$(…)` or backticks.
    #[error("a command substitution, which is never executed")]
    Command,
    /// `${NAME%…}`, `$((…))`, `$1`, `$'…'`, a leading `~`.
    #[error("an expansion that is not supported")]
    Expansion,
    /// An unquoted character with a meaning to a shell.
    #[error("an unquoted `{0}`")]
    Unquoted(char),
    /// A quote or brace without its end.
    #[error("no closing `{0}`")]
    Unclosed(char),
    /// A value beyond `MAX_VALUE`, or defaults nested beyond `MAX_DEPTH`.
    #[error("a value that grows too long or nests too deep")]
    TooLong,
}

impl std::error::Error for AssignmentError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.problem)
    }
}

impl fmt::Display for AssignmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(key) = &self.key {
            write!(f, ", {key}")?;
        }
        write!(f, ": {}", self.problem)
    }
}

impl AssignmentError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self.problem {
            AssignmentProblem::NotAssignment => {
                "the file holds KEY=value lines and comments; move commands to a script"
            }
            AssignmentProblem::Blanks => "write KEY=value without blanks around the `=`",
            AssignmentProblem::Command => {
                "write the result as a literal value, or pass it in the environment as ${NAME}"
            }
            AssignmentProblem::Expansion => {
                "only $NAME, ${NAME} and ${NAME:-default} are expanded; put a literal `$` in '…'"
            }
            AssignmentProblem::Unquoted(_) => "put the value in quotes",
            AssignmentProblem::Unclosed(_) => "close it; a `$` or a quote that is meant literally goes in '…'",
            AssignmentProblem::TooLong => "write the value out instead of building it from references",
        }
    }
}

/// Parses a file's text; `env` is what references that the file does not resolve itself refer to.
pub fn parse(text: &str, env: &BTreeMap<String, String>) -> Result<Assignments, AssignmentError> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text).replace("\r\n", "\n");
    let mut parser = Parser { rest: &text, line: 1, key: None, env, done: Assignments::default() };
    parser.file()?;
    Ok(parser.done)
}

struct Parser<'a> {
    rest: &'a str,
    line: usize,
    key: Option<String>,
    env: &'a BTreeMap<String, String>,
    done: Assignments,
}

/// What ends the part of the text that is being read.
#[derive(Clone, Copy, PartialEq)]
enum Until {
    Blank,
    Quote,
    Brace { quoted: bool },
}

impl Parser<'_> {
    fn file(&mut self) -> Result<(), AssignmentError> {
        let mut exporting = false;
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t']);
            match self.rest.chars().next() {
                None => return Ok(()),
                Some('\n' | ';') => {
                    self.take();
                    exporting = false;
                }
                Some('#') => self.rest = &self.rest[self.rest.find('\n').unwrap_or(self.rest.len())..],
                Some('\\') if self.rest.starts_with("\\\n") => {
                    self.take();
                    self.take();
                }
                Some(_) => exporting = self.word(exporting)?,
            }
        }
    }

    /// One word of a line; returns whether the words after it are exported.
    fn word(&mut self, exporting: bool) -> Result<bool, AssignmentError> {
        let (line, name) = (self.line, self.name());
        self.key = None;
        if name.is_empty() {
            return Err(self.error(AssignmentProblem::NotAssignment));
        }
        if self.rest.starts_with('=') {
            self.take();
            self.key = Some(name.clone());
            if self.rest.starts_with([' ', '\t']) && !self.line_ends_after_blanks() && !exporting {
                // `KEY= value` runs `value`; `KEY= OTHER=x` is fine in a shell, but never what was meant.
                return Err(self.error(AssignmentProblem::Blanks));
            }
            if self.rest.starts_with('~') {
                return Err(self.error(AssignmentProblem::Expansion));
            }
            let mut value = String::new();
            self.piece(Until::Blank, &mut value, 0)?;
            self.done.values.insert(name, Assignment { value, line });
            return Ok(exporting);
        }
        let ends = self.rest.is_empty() || self.rest.starts_with([' ', '\t', '\n', ';']);
        match ends {
            true if exporting => Ok(true),
            true if name == "export" => Ok(true),
            true if self.rest.trim_start_matches([' ', '\t']).starts_with('=') => {
                self.key = Some(name);
                Err(self.error(AssignmentProblem::Blanks))
            }
            _ => Err(self.error(AssignmentProblem::NotAssignment)),
        }
    }

    fn line_ends_after_blanks(&self) -> bool {
        let rest = self.rest.trim_start_matches([' ', '\t']);
        rest.is_empty() || rest.starts_with(['\n', '#', ';'])
    }

    /// Reads up to the end that `until` names, and past it, unless that is a blank.
    fn piece(&mut self, until: Until, out: &mut String, depth: usize) -> Result<(), AssignmentError> {
        if depth > MAX_DEPTH {
            return Err(self.error(AssignmentProblem::TooLong));
        }
        let start = self.line;
        let quoted = matches!(until, Until::Quote | Until::Brace { quoted: true });
        loop {
            if out.len() > MAX_VALUE {
                return Err(self.error(AssignmentProblem::TooLong));
            }
            let Some(c) = self.rest.chars().next() else {
                return match until {
                    Until::Blank => Ok(()),
                    Until::Quote => Err(self.error_at(start, AssignmentProblem::Unclosed('"'))),
                    Until::Brace { .. } => Err(self.error_at(start, AssignmentProblem::Unclosed('}'))),
                };
            };
            match c {
                ' ' | '\t' | '\n' | ';' if until == Until::Blank => return Ok(()),
                '}' if matches!(until, Until::Brace { .. }) => {
                    self.take();
                    return Ok(());
                }
                '"' if until == Until::Quote => {
                    self.take();
                    return Ok(());
                }
                '"' => {
                    self.take();
                    self.piece(Until::Quote, out, depth + 1)?;
                }
                '\'' if !quoted => self.single_quoted(out)?,
                '\\' => self.escape(quoted, out),
                '`' => return Err(self.error(AssignmentProblem::Command)),
                '$' => self.reference(quoted, out, depth)?,
                '(' | ')' | '<' | '>' | '|' | '&' if until == Until::Blank => {
                    return Err(self.error(AssignmentProblem::Unquoted(c)));
                }
                _ => {
                    self.take();
                    out.push(c);
                }
            }
        }
    }

    fn single_quoted(&mut self, out: &mut String) -> Result<(), AssignmentError> {
        let start = self.line;
        self.take();
        loop {
            match self.take() {
                Some('\'') => return Ok(()),
                Some(c) => out.push(c),
                None => return Err(self.error_at(start, AssignmentProblem::Unclosed('\''))),
            }
        }
    }

    fn escape(&mut self, quoted: bool, out: &mut String) {
        self.take();
        match self.take() {
            Some('\n') => {}
            Some(c @ ('$' | '`' | '"' | '\\')) => out.push(c),
            Some(c) if quoted => out.extend(['\\', c]),
            Some(c) => out.push(c),
            None => out.push('\\'),
        }
    }

    fn reference(&mut self, quoted: bool, out: &mut String, depth: usize) -> Result<(), AssignmentError> {
        self.take();
        match self.rest.chars().next() {
            Some('(') => {
                let arithmetic = self.rest.starts_with("((");
                Err(self.error(if arithmetic { AssignmentProblem::Expansion } else { AssignmentProblem::Command }))
            }
            Some('{') => {
                self.take();
                let name = self.name();
                match name.is_empty() {
                    true => Err(self.error(AssignmentProblem::Expansion)),
                    false => self.braced(name, quoted, out, depth),
                }
            }
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                let name = self.name();
                let value = self.lookup(&name);
                out.push_str(&value);
                Ok(())
            }
            Some('\'' | '"') if !quoted => Err(self.error(AssignmentProblem::Expansion)),
            Some(c) if c.is_ascii_digit() || "@*#?$!-".contains(c) => Err(self.error(AssignmentProblem::Expansion)),
            _ => {
                out.push('$');
                Ok(())
            }
        }
    }

    fn braced(&mut self, name: String, quoted: bool, out: &mut String, depth: usize) -> Result<(), AssignmentError> {
        let value = self.lookup(&name);
        if self.rest.is_empty() {
            return Err(self.error(AssignmentProblem::Unclosed('}')));
        }
        if let Some(rest) = self.rest.strip_prefix('}') {
            self.rest = rest;
            out.push_str(&value);
            return Ok(());
        }
        let Some(rest) = self.rest.strip_prefix(":-") else { return Err(self.error(AssignmentProblem::Expansion)) };
        self.rest = rest;
        let mut default = String::new();
        self.piece(Until::Brace { quoted }, &mut default, depth + 1)?;
        out.push_str(if value.is_empty() { &default } else { &value });
        Ok(())
    }

    fn lookup(&mut self, name: &str) -> String {
        self.done.references.insert(name.to_owned());
        let assigned = self.done.values.get(name).map(|assignment| &assignment.value);
        assigned.or_else(|| self.env.get(name)).cloned().unwrap_or_default()
    }

    fn name(&mut self) -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = match self.rest.starts_with(|c: char| c.is_ascii_digit()) {
            true => 0,
            false => self.rest.find(|c| !plain(c)).unwrap_or(self.rest.len()),
        };
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        name.to_owned()
    }

    fn take(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        self.line += usize::from(c == '\n');
        Some(c)
    }

    fn error(&self, problem: AssignmentProblem) -> AssignmentError {
        self.error_at(self.line, problem)
    }

    fn error_at(&self, line: usize, problem: AssignmentProblem) -> AssignmentError {
        AssignmentError { line, key: self.key.clone(), problem }
    }
}

#[cfg(test)]
#[path = "assignments_tests.rs"]
mod tests;
