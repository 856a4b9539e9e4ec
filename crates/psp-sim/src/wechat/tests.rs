use super::*;

#[test]
fn each_line_of_the_signed_text_ends_with_a_line_feed() {
    let text = signed_text(&["GET", "/v3/refund/domestic/refunds/123123123123", "1554208460", "593BEC0C930BF1"], b"");
    let expected = "GET\n/v3/refund/domestic/refunds/123123123123\n1554208460\n593BEC0C930BF1\n\n";
    assert_eq!(String::from_utf8(text).unwrap(), expected);
    assert_eq!(signed_text(&["1", "n"], b"{}"), b"1\nn\n{}\n");
}

#[test]
fn redelivery_takes_a_day_and_four_minutes() {
    assert_eq!(REDELIVERY.iter().sum::<u64>(), 24 * 3_600 + 4 * 60);
}
