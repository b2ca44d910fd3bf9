//! What a shell would make of it is what these expect.

use proptest::prelude::*;

use super::*;

fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
}

#[track_caller]
fn value(text: &str) -> String {
    let env = env(&[("HOME_ENV", "from env"), ("EMPTY", "")]);
    parse(text, &env).unwrap().get("A").unwrap().value.clone()
}

#[test]
fn values_are_what_a_shell_makes_of_them() {
    for (text, expected) in [
        ("A=plain", "plain"),
        ("A=", ""),
        ("A=  # nothing", ""),
        ("export A=1", "1"),
        ("export B A=1 C", "1"),
        ("B=1 A=2; C=3", "2"),
        ("A=1\nA=2", "2"),
        ("A=1 # comment", "1"),
        ("A=a#b", "a#b"),
        ("A=\"a # b\"", "a # b"),
        ("A='a $B `c`'", "a $B `c`"),
        (r#"A="a \"b\" \$B \\ \n \`""#, r#"a "b" $B \ \n `"#),
        (r"A=a\ b\$c", "a b$c"),
        ("A=\"one \\\ntwo\nthree\"", "one two\nthree"),
        ("A='x'\"y\"z", "xyz"),
        ("B=b\nA=$B-${B}c", "b-bc"),
        ("A=${HOME_ENV}", "from env"),
        ("A=${UNSET}", ""),
        ("A=\"${UNSET:-a b}\"", "a b"),
        ("A=${UNSET:-${EMPTY:-deep}}", "deep"),
        ("A=${UNSET:-'a}b'}", "a}b"),
        ("B=b\nA=${B:-no}", "b"),
        ("B=new\nA=$B\nB=later", "new"),
        ("A=$", "$"),
        ("A=1\r\nB=2\r\n", "1"),
        ("\u{feff}A=1", "1"),
        ("  A=1", "1"),
        ("\\\nA=1", "1"),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
}

#[test]
fn a_value_knows_its_line_and_who_refers_to_it() {
    let parsed = parse("# one\n\nB='x\ny'\nA=$B\n", &BTreeMap::new()).unwrap();
    assert_eq!((parsed.get("B").unwrap().line, parsed.get("A").unwrap().line), (3, 5));
    assert!(parsed.is_referenced("B") && !parsed.is_referenced("A"));
    assert_eq!(parsed.iter().count(), 2);
    assert_eq!(format!("{parsed:?}"), r#"{"A", "B"}"#, "no values");
}

#[test]
fn each_mistake_names_its_line() {
    let deep = format!("A={}", "${X:-".repeat(40));
    let long = format!("A=0123456789abcdef\n{}", "A=$A$A\n".repeat(20));
    for (text, message) in [
        ("A=1\nA=$(uname -r)", "line 2, A: a command substitution, which is never executed"),
        ("A=\"`uname -r`\"", "line 1, A: a command substitution, which is never executed"),
        ("A=1\n\nsource other.conf", "line 3: not an assignment"),
        ("if true; then", "line 1: not an assignment"),
        ("A+=1", "line 1: not an assignment"),
        ("1A=1", "line 1: not an assignment"),
        ("A=1 command", "line 1: not an assignment"),
        ("A = 1", "line 1, A: blanks around the `=`"),
        ("A= 1", "line 1, A: blanks around the `=`"),
        ("A=$((1+1))", "line 1, A: an expansion that is not supported"),
        ("A=${B%.*}", "line 1, A: an expansion that is not supported"),
        ("A=$1", "line 1, A: an expansion that is not supported"),
        ("A=~/blobs", "line 1, A: an expansion that is not supported"),
        ("A=(1 2)", "line 1, A: an unquoted `(`"),
        ("A=x&", "line 1, A: an unquoted `&`"),
        ("\nA='x\n\n", "line 2, A: no closing `'`"),
        ("A=\"x\nB=1\n", "line 1, A: no closing `\"`"),
        ("A=${B", "line 1, A: no closing `}`"),
        ("A=${B:-c", "line 1, A: no closing `}`"),
        (&deep, "line 1, A: a value that grows too long or nests too deep"),
        (&long, "line 14, A: a value that grows too long or nests too deep"),
    ] {
        let error = parse(text, &BTreeMap::new()).expect_err(text);
        assert_eq!(error.to_string(), message, "{text}");
        assert!(!error.hint().is_empty());
    }
}

#[test]
fn each_problem_has_its_remedy() {
    let hint = |problem| AssignmentError { line: 1, key: None, problem }.hint();
    assert_eq!(
        hint(AssignmentProblem::Command),
        "write the result as a literal value, or pass it in the environment as ${NAME}"
    );
    assert_eq!(hint(AssignmentProblem::Blanks), "write KEY=value without blanks around the `=`");
    assert_eq!(
        hint(AssignmentProblem::NotAssignment),
        "the file holds KEY=value lines and comments; move commands to a script"
    );
}

proptest! {
    #[test]
    fn no_text_panics(text in ".{0,80}", shell in "[A-C=${}:\\-\"'`\\\\ \n#;(~]{0,40}") {
        let _ = parse(&text, &BTreeMap::new());
        let _ = parse(&shell, &BTreeMap::new());
    }

    #[test]
    fn a_single_quoted_value_is_literal(text in "[^'\\r]{0,40}") {
        let parsed = parse(&format!("A='{text}'"), &BTreeMap::new()).unwrap();
        prop_assert_eq!(&parsed.get("A").unwrap().value, &text);
    }
}
