//! Cycles in a graph of names: flists that need each other's trees, none of which could be filtered first.

/// A cycle, from one of its names back to the same name. `needs` gives the names that a name needs, which all are in `names`.
pub(super) fn find<'a, N>(
    names: impl IntoIterator<Item = &'a str>,
    needs: impl Fn(&'a str) -> N,
) -> Option<Vec<&'a str>>
where
    N: IntoIterator<Item = &'a str>,
{
    let mut search = Search { needs, way: Vec::new(), done: Vec::new() };
    let found = names.into_iter().any(|name| search.walk(name));
    found.then_some(search.way)
}

struct Search<'a, F> {
    needs: F,
    /// From where the search began to where it is; the cycle, once there is one.
    way: Vec<&'a str>,
    /// Names from which no cycle can be reached.
    done: Vec<&'a str>,
}

impl<'a, N, F> Search<'a, F>
where
    N: IntoIterator<Item = &'a str>,
    F: Fn(&'a str) -> N,
{
    fn walk(&mut self, name: &'a str) -> bool {
        if let Some(at) = self.way.iter().position(|before| *before == name) {
            self.way.drain(..at);
            self.way.push(name);
            return true;
        }
        if self.done.contains(&name) {
            return false;
        }
        self.way.push(name);
        if (self.needs)(name).into_iter().any(|needed| self.walk(needed)) {
            return true;
        }
        self.way.pop();
        self.done.push(name);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `a:bc b:c c` is a graph of three names, of which `a` needs both others.
    fn cycle(graph: &'static str) -> Option<String> {
        let nodes: Vec<(&str, Vec<&str>)> = graph
            .split(' ')
            .map(|node| node.split_once(':').unwrap_or((node, "")))
            .map(|(name, needs)| (name, needs.split("").filter(|need| !need.is_empty()).collect()))
            .collect();
        let needs = |name: &str| nodes.iter().find(|(node, _)| *node == name).unwrap().1.clone();
        find(nodes.iter().map(|(name, _)| *name), needs).map(|names| names.concat())
    }

    #[test]
    fn without_a_cycle_there_is_none() {
        for graph in ["a", "a b", "a:b b", "a:bc b:c c", "a:bc b:d c:d d", "c:b b:a a"] {
            assert_eq!(cycle(graph), None, "{graph}");
        }
    }

    #[test]
    fn a_cycle_is_told_from_one_of_its_names_to_the_same() {
        for (graph, expected) in [
            ("a:a", "aa"),
            ("a:b b:a", "aba"),
            ("a:b b:c c:a", "abca"),
            // What leads into the cycle is not part of it.
            ("a:b b:c c:b", "bcb"),
            ("a b:a c:ad d:c", "cdc"),
            // A name that was found harmless is not searched again, and hides no cycle behind another.
            ("a:b b c:bd d:ae e:c", "cdec"),
        ] {
            assert_eq!(cycle(graph).as_deref(), Some(expected), "{graph}");
        }
    }
}
