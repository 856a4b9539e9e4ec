//! Owns the report as JUnit XML. It knows no row.

use std::fmt::Write as _;

use crate::report::{Outcome, Report, Verdict};

/// The whole file.
pub(crate) fn text(report: &Report) -> String {
    let count = |outcomes: usize| outcomes.to_string();
    let seconds: f64 = report.outcomes.iter().map(|outcome| outcome.took.as_secs_f64()).sum();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _written = writeln!(
        text,
        "<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\" errors=\"0\" time=\"{seconds:.3}\">",
        escaped(&format!("idempotency of {}", report.url)),
        count(report.outcomes.len()),
        count(report.failed().count()),
        count(report.not_applicable().count()),
    );
    for outcome in &report.outcomes {
        case(&mut text, outcome);
    }
    text.push_str("</testsuite>\n");
    text
}

fn case(text: &mut String, outcome: &Outcome) {
    let letter = outcome.id.split('-').next().unwrap_or(outcome.id);
    let _written = write!(
        text,
        "  <testcase classname=\"conform.{letter}\" name=\"{}\" time=\"{:.3}\"",
        escaped(&format!("{} {}", outcome.id, outcome.title)),
        outcome.took.as_secs_f64(),
    );
    let _written = match &outcome.verdict {
        Verdict::Passed { seen } if seen.is_empty() => writeln!(text, "/>"),
        Verdict::Passed { seen } => {
            writeln!(text, ">\n    <system-out>{}</system-out>\n  </testcase>", escaped(seen))
        }
        Verdict::Failed { expected, seen } => writeln!(
            text,
            ">\n    <failure message=\"{}\">{}</failure>\n  </testcase>",
            escaped(&format!("expected {expected}")),
            escaped(&format!("expected {expected}; seen {seen}")),
        ),
        Verdict::NotApplicable { why } => {
            writeln!(text, ">\n    <skipped message=\"{}\"/>\n  </testcase>", escaped(why))
        }
    };
}

/// Text as XML 1.0 may hold it: control characters cannot even be escaped.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(letter),
            letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_report_is_well_formed() {
        let outcome = |id, verdict| Outcome { id, title: "a <title>", verdict, took: Duration::from_millis(1_500) };
        let report = Report {
            url: "http://a?b&c".to_owned(),
            outcomes: vec![
                outcome("H-01", Verdict::Passed { seen: String::new() }),
                outcome("B-02", Verdict::Failed { expected: "\"x\"".to_owned(), seen: "y\u{1}".to_owned() }),
                outcome("F-05", Verdict::NotApplicable { why: "needs --start".to_owned() }),
            ],
        };
        let text = report.junit();
        assert_eq!(
            text,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <testsuite name=\"idempotency of http://a?b&amp;c\" tests=\"3\" failures=\"1\" skipped=\"1\" errors=\"0\" \
             time=\"4.500\">\n  \
             <testcase classname=\"conform.H\" name=\"H-01 a &lt;title&gt;\" time=\"1.500\"/>\n  \
             <testcase classname=\"conform.B\" name=\"B-02 a &lt;title&gt;\" time=\"1.500\">\n    \
             <failure message=\"expected &quot;x&quot;\">expected &quot;x&quot;; seen y\u{fffd}</failure>\n  </testcase>\n  \
             <testcase classname=\"conform.F\" name=\"F-05 a &lt;title&gt;\" time=\"1.500\">\n    \
             <skipped message=\"needs --start\"/>\n  </testcase>\n\
             </testsuite>\n"
        );
    }
}
