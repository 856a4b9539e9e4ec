//! Owns the properties of the rules: whatever commands come in whatever order, the invariants of stock, money and
//! history hold after each of them.

mod books;
mod till;
mod wishes;

use books::Books;
use domain::{Action, Change, Outcome, Reply, decide};
use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest};
use wishes::wish;

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    /// I-1 to I-11 and I-13.
    #[test]
    fn the_invariants_hold_after_every_command(wishes in proptest::collection::vec(wish(), 1..100)) {
        let mut books = Books::default();
        for wish in &wishes {
            let Some(command) = wish.command(&books) else { continue };
            let outcome = decide(&books.state, &command);
            books.write(&command, &outcome)?;
            books.audit()?;
        }
    }

    /// A refusal changes nothing; an order placed again under its key is the same order, and changes nothing.
    #[test]
    fn an_order_placed_again_is_found(wishes in proptest::collection::vec(wish(), 1..40)) {
        let mut books = Books::default();
        let mut placed = Vec::new();
        for wish in &wishes {
            let Some(command) = wish.command(&books) else { continue };
            let outcome = decide(&books.state, &command);
            if let Outcome::Accepted(accepted) = &outcome
                && accepted.changes.iter().any(|change| matches!(change, Change::OrderPlaced(_)))
            {
                placed.push(command.clone());
            }
            books.write(&command, &outcome)?;
        }
        for command in placed {
            let Outcome::Accepted(again) = decide(&books.state, &command) else {
                return Err(proptest::test_runner::TestCaseError::fail("a purged key lost its order"));
            };
            prop_assert!(again.changes.is_empty());
            let Reply::Order { order, created } = again.reply else { unreachable!("placing answers with an order") };
            prop_assert!(!created);
            prop_assert_eq!(Some(order.order_no), command.action.order_no());
            prop_assert!(matches!(command.action, Action::PlaceOrder(_)));
        }
    }
}
