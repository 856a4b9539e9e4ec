//! Owns the rows H: what the header of the key may look like, and on which requests it means something.

use http::header::LINK;

use crate::call::{Call, Caller};
use crate::case::Case;
use crate::effects::Effects;
use crate::need::Need;
use crate::report::{Finding, Judged};
use crate::subject::Subject;
use crate::wish::Wish;

pub(crate) const CASES: &[Case] = &[
    Case { id: "H-01", title: "no key where one is required", needs: &[], run: |it| Box::pin(missing(it)) },
    Case {
        id: "H-02",
        title: "no key where it is optional",
        needs: &[Need::OptionalRoute],
        run: |it| Box::pin(optional(it)),
    },
    Case { id: "H-03", title: "a quoted key and a bare one", needs: &[], run: |it| Box::pin(quoted(it)) },
    Case {
        id: "H-04",
        title: "a token, a number, bytes, a list as key",
        needs: &[Need::Strict],
        run: |it| Box::pin(foreign(it)),
    },
    Case { id: "H-05", title: "two keys in one request", needs: &[], run: |it| Box::pin(several(it)) },
    Case { id: "H-06", title: "what is no key at all", needs: &[Need::PlainHttp], run: |it| Box::pin(malformed(it)) },
    Case { id: "H-07", title: "parameters behind a key", needs: &[], run: |it| Box::pin(parameters(it)) },
    Case { id: "H-08", title: "an escaped quote in a key", needs: &[], run: |it| Box::pin(escaped(it)) },
    Case { id: "H-09", title: "keys that differ in case", needs: &[], run: |it| Box::pin(in_case(it)) },
    Case {
        id: "H-10",
        title: "a key on a reading request",
        needs: &[Need::GetRoute],
        run: |it| Box::pin(on_reading(it)),
    },
    Case { id: "H-11", title: "a key that is easy to guess", needs: &[Need::WeakKey], run: |it| Box::pin(weak(it)) },
];

async fn missing(it: &Subject) -> Judged {
    let effects = Effects::now(it).await?;
    let answer = it.send(&it.call(&it.wish())).await?;
    answer.problem(400, "for a missing key")?;
    let described = answer.headers.get_all(LINK).iter().any(|link| {
        let text = link.to_str().unwrap_or_default();
        text.contains("rel=\"describedby\"") || text.contains("rel=describedby")
    });
    if !described {
        return Err(Finding::failed("a header Link with rel=describedby", "none"));
    }
    effects.grew_by(it, 0, &[]).await?;
    Ok(String::new())
}

async fn optional(it: &Subject) -> Judged {
    let profile = it.profile();
    let path = profile.optional_route.as_deref().unwrap_or_default();
    let body = profile.optional_body.as_deref().or(profile.body.as_deref());
    let call = Call::new(it, Caller::First, path, &it.wish_of(body));
    let (first, second) = (it.send(&call).await?, it.send(&call).await?);
    it.apart(&first, &second, "two requests without a key")?;
    Ok(String::new())
}

async fn quoted(it: &Subject) -> Judged {
    let (key, wish, effects) = (it.key(), it.wish(), Effects::now(it).await?);
    let first = it.send(&it.call(&wish).key_line(format!("\"{key}\""))).await?;
    first.fresh("a quoted key")?;
    let bare = it.send(&it.call(&wish).key_line(&key)).await?;
    let form = if it.profile().strict || bare.status == 400 {
        bare.is(400, "for a bare key where keys are strings")?;
        "strict: a bare key is refused"
    } else {
        it.same(&bare, &first, "the bare form of a quoted key")?;
        "compatible: both forms name one key"
    };
    effects.grew_by(it, 1, &[&first]).await?;
    Ok(form.to_owned())
}

async fn foreign(it: &Subject) -> Judged {
    let lines = ["abc".to_owned(), "42".to_owned(), ":YQ==:".to_owned(), format!("(\"{}\")", it.key())];
    all_refused(it, &lines.map(|line| (line.clone(), vec![line.into_bytes()]))).await
}

async fn several(it: &Subject) -> Judged {
    let quote = |key: &str| if it.profile().strict { format!("\"{key}\"") } else { key.to_owned() };
    let (one, two) = (it.key(), it.key());
    let lines = |lines: [String; 2]| lines.map(String::into_bytes).to_vec();
    let bad = [
        ("two lines".to_owned(), lines([quote(&one), quote(&two)])),
        ("the same line twice".to_owned(), lines([quote(&one), quote(&one)])),
        ("a list of two".to_owned(), vec![format!("\"{one}\", \"{two}\"").into_bytes()]),
    ];
    all_refused(it, &bad).await
}

async fn malformed(it: &Subject) -> Judged {
    let key = it.key();
    let long = "k".repeat(256);
    let long = if it.profile().strict { format!("\"{long}\"") } else { long };
    let bad: [(&str, Vec<u8>); 9] = [
        ("an empty string", b"\"\"".to_vec()),
        ("an empty line", Vec::new()),
        ("blanks", b"   ".to_vec()),
        ("256 characters", long.into_bytes()),
        ("a control character", format!("\"{key}\u{1}\"").into_bytes()),
        ("letters outside of ASCII", format!("\"{key}é\"").into_bytes()),
        ("bytes outside of UTF-8", [format!("\"{key}").as_bytes(), b"\xff\""].concat()),
        ("a quote that does not end", format!("\"{key}").into_bytes()),
        ("an escape that is none", format!("\"{key}\\n\"").into_bytes()),
    ];
    all_refused(it, &bad.map(|(what, line)| (what.to_owned(), vec![line]))).await
}

/// Sends a request with each of these, which must be refused as keys without anything being done.
async fn all_refused(it: &Subject, bad: &[(String, Vec<Vec<u8>>)]) -> Judged {
    let effects = Effects::now(it).await?;
    let mut taken = Vec::new();
    for (what, lines) in bad {
        let mut call = lines.iter().fold(it.call(&it.wish()), Call::key_line);
        if it.profile().url.starts_with("http://") {
            call = call.raw();
        }
        let answer = it.send(&call).await?;
        if answer.status != 400 {
            taken.push(format!("{what}: {}", answer.shown()));
        }
    }
    if !taken.is_empty() {
        return Err(Finding::failed("400 for each", taken.join("; ")));
    }
    effects.grew_by(it, 0, &[]).await?;
    Ok(String::new())
}

async fn parameters(it: &Subject) -> Judged {
    let (key, wish, effects) = (it.key(), it.wish(), Effects::now(it).await?);
    let first = it.send(&it.call(&wish).key_line(format!("\"{key}\";foo=1"))).await?;
    first.fresh("a key with a parameter")?;
    let plain = it.send(&it.call(&wish).key_line(format!("\"{key}\""))).await?;
    it.same(&plain, &first, "the key without its parameter")?;
    let other = it.send(&it.call(&wish).key_line(format!("\"{key}\";bar"))).await?;
    it.same(&other, &first, "the key with another parameter")?;
    effects.grew_by(it, 1, &[&first, &plain, &other]).await?;
    Ok(String::new())
}

async fn escaped(it: &Subject) -> Judged {
    let (key, wish, effects) = (it.key(), it.wish(), Effects::now(it).await?);
    let send = |escape: &str| {
        let call = it.call(&wish).key_line(format!("\"{key}{escape}\""));
        async move { it.send(&call).await }
    };
    let first = send("\\\"b").await?;
    first.fresh("a key with an escaped quote")?;
    let again = send("\\\"b").await?;
    it.same(&again, &first, "the key again")?;
    let other = send("\\\\b").await?;
    it.apart(&first, &other, "an escaped quote and an escaped backslash")?;
    effects.grew_by(it, 2, &[&first, &again, &other]).await?;
    Ok(String::new())
}

async fn in_case(it: &Subject) -> Judged {
    let (key, wish, effects) = (it.key(), it.wish(), Effects::now(it).await?);
    let upper = it.send(&it.call(&wish).key(&format!("{key}-ORDER"))).await?;
    let lower = it.send(&it.call(&wish).key(&format!("{key}-order"))).await?;
    it.apart(&upper, &lower, "a key in upper and in lower case")?;
    effects.grew_by(it, 2, &[&upper, &lower]).await?;
    Ok(String::new())
}

async fn on_reading(it: &Subject) -> Judged {
    let path = it.profile().get_route.as_deref().unwrap_or_default();
    let (key, effects) = (it.key(), Effects::now(it).await?);
    for method in ["GET", "GET", "HEAD", "OPTIONS"] {
        let call = Call::new(it, Caller::First, path, &Wish::nothing()).method(method).key(&key);
        let answer = it.send(&call).await?;
        if answer.is_marked() || answer.status_word().is_some() {
            return Err(Finding::failed(format!("{method} to pass through"), answer.shown()));
        }
        if method == "GET" && !answer.is_success() {
            return Err(Finding::failed(format!("2xx for GET {path}"), answer.shown()));
        }
    }
    let first = it.send(&it.call(&it.wish()).key(&key)).await?;
    first.fresh("the key, which no reading request uses up,")?;
    effects.grew_by(it, 1, &[&first]).await?;
    Ok(String::new())
}

async fn weak(it: &Subject) -> Judged {
    let effects = Effects::now(it).await?;
    let key = it.profile().weak_key.as_deref().unwrap_or_default();
    it.send(&it.call(&it.wish()).key(key)).await?.problem(400, "for a key that is easy to guess")?;
    effects.grew_by(it, 0, &[]).await?;
    Ok(String::new())
}
