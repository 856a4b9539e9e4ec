//! Owns the one spelling of a JSON number. It knows no floating point: two numbers are the same if they are
//! the same decimal, so 1.0 is 1, 1e2 is 100, and 2^53 is not 2^53 + 1.

/// Plain digits are written up to this many; beyond, digits and an exponent.
const PLAIN_DIGITS_MAX: i64 = 40;

/// Writes `text`, which the reader found to be a JSON number. `None`: its exponent is out of range.
pub(super) fn write(text: &str, out: &mut String) -> Option<()> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    // Most numbers are plain integers already.
    if text.len() <= 19 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        if negative && text != "0" {
            out.push('-');
        }
        out.push_str(text);
        return Some(());
    }
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits = String::with_capacity(whole.len() + fraction.len());
    digits.push_str(whole);
    digits.push_str(fraction);
    let significant = digits.trim_start_matches('0');
    let trimmed = significant.trim_end_matches('0');
    if trimmed.is_empty() {
        out.push('0');
        return Some(());
    }
    // The value is `trimmed` * 10^power.
    let dropped = i64::try_from(significant.len() - trimmed.len()).ok()?;
    let power = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?.checked_add(dropped)?;
    if negative {
        out.push('-');
    }
    spell(trimmed, power, out)
}

/// Spells `digits` * 10^`power`, where `digits` neither begins nor ends with a zero.
fn spell(digits: &str, power: i64, out: &mut String) -> Option<()> {
    let length = i64::try_from(digits.len()).ok()?;
    let point = length.checked_add(power)?;
    if power >= 0 && point <= PLAIN_DIGITS_MAX {
        out.push_str(digits);
        out.extend(std::iter::repeat_n('0', usize::try_from(power).ok()?));
    } else if power < 0 && point > 0 && length <= PLAIN_DIGITS_MAX {
        let (whole, fraction) = digits.split_at(usize::try_from(point).ok()?);
        out.push_str(whole);
        out.push('.');
        out.push_str(fraction);
    } else {
        out.push_str(&digits[..1]);
        if digits.len() > 1 {
            out.push('.');
            out.push_str(&digits[1..]);
        }
        out.push('e');
        out.push_str(&point.checked_sub(1)?.to_string());
    }
    Some(())
}
