//! Owns the tables of what is written down of what a channel said: each statement once for each way by which it came.

use super::{check, more};

#[test]
fn an_answer_is_kept_once_and_is_an_answer_each_time() {
    let mut shop = check(
        "
        put tea 100 stock=9            -> new v1 9/0
        place A tea*3 until=100000     -> new pending_payment v1 300
        start A                        -> open v2 created
        ",
    );
    more(
        &mut shop,
        "
        said A.1 pending src=answer go=u raw=a event=a -> applied
        kept                           -> answer:applied:a
        said A.1 pending src=query raw=b event=b -> duplicate
        kept                           -> query:duplicate:b
        queue                          -> charge query_charge+15s query_charge+60s
        said A.1 pending src=query raw=c event=b -> duplicate
        kept                           ->
        queue                          -> query_charge+60s
        said A.1 pending src=query     -> duplicate
        kept                           ->
        said A.1 succeeded 300 raw=d event=d -> applied
        said A.1 succeeded 300 raw=e event=d -> duplicate
        said A.1 succeeded 300 event=f -> duplicate
        kept                           -> callback:applied:d callback:duplicate
        ",
    );
}

#[test]
fn a_word_about_an_unknown_number_keeps_the_words_in_which_it_first_came() {
    let mut shop = check(
        "
        put tea 100 stock=9            -> new v1 9/0
        place A tea*3 until=100000     -> new pending_payment v1 300
        said A.1 succeeded 300 raw=a event=a src=statement -> unmatched
        said A.1 succeeded 300 raw=a src=answer -> unmatched
        kept                           -> statement:unmatched:a
        ",
    );
    more(
        &mut shop,
        "
        start A                        -> open v2 created
        said A.1 succeeded 300 raw=b event=a -> applied
        kept                           -> statement:applied:a
        ",
    );
}
