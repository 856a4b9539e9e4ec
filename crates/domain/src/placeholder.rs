//! Owns which texts are no secrets, because everybody knows them: the words of examples, and one character again and again.

/// As they stand in examples, in documents and in containers' settings, without capitals and signs.
const WORDS: &[&str] = &[
    "123456",
    "12345678",
    "1234567890",
    "abc123",
    "admin",
    "administrator",
    "apikey",
    "default",
    "dev",
    "development",
    "dummy",
    "example",
    "foobar",
    "guest",
    "hunter2",
    "letmein",
    "mariadb",
    "mideng",
    "mypassword",
    "mysecret",
    "mysql",
    "none",
    "null",
    "onlyonthismachine",
    "pass",
    "passw0rd",
    "passwd",
    "password",
    "password1",
    "password123",
    "postgres",
    "postgresql",
    "qwerty",
    "redis",
    "root",
    "sandbox",
    "secret",
    "secretkey",
    "shop",
    "signingkey",
    "sktest",
    "stripe",
    "supersecret",
    "test",
    "test123",
    "testing",
    "testtest",
    "tobedone",
    "todo",
    "token",
    "topsecret",
    "undefined",
    "verysecret",
    "webhooksecret",
    "whsec",
];

/// Whatever has one of these in it was to be written over.
const PARTS: &[&str] = &[
    "changeit",
    "changeme",
    "changethis",
    "fixme",
    "insertyour",
    "notasecret",
    "placeholder",
    "putyour",
    "replaceme",
    "replacethis",
    "replacewith",
    "yourkey",
    "yourpassword",
    "yoursecret",
];

/// The longest text that is looked at for parts: what is longer was made by a program.
const LENGTH_MAX: usize = 200;

/// Whether the text is what somebody was to write a secret over.
///
/// It is no measure of how well a secret can be guessed: that is for whoever makes it.
pub fn is_placeholder(text: &str) -> bool {
    if text.len() > LENGTH_MAX {
        return false;
    }
    let bare: String = text.chars().filter(|sign| sign.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let first = bare.chars().next();
    let is_one_character = first.is_none_or(|first| bare.chars().all(|sign| sign == first));
    is_one_character || WORDS.contains(&bare.as_str()) || PARTS.iter().any(|part| bare.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s30_words_of_examples_are_no_secrets() {
        for text in [
            "",
            " ",
            "...",
            "***",
            "x",
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "00000000-0000-0000-0000-000000000000",
            "changeme",
            "CHANGE_ME",
            "please-change-me-now",
            "<your secret here>",
            "${REPLACE_ME}",
            "Password",
            "pass-word",
            "only-on-this-machine",
            "postgres",
            "TODO",
        ] {
            assert!(is_placeholder(text), "{text}");
        }
        for text in [
            "0123456789abcdef0123456789abcdef",
            "a secret of the sandbox",
            "password of ada",
            "correct horse battery staple",
            "sk_live_51Hq8",
            "postgres-7f3a",
            "example.com",
            "密码就是它",
        ] {
            assert!(!is_placeholder(text), "{text}");
        }
        assert!(!is_placeholder(&"changeme".repeat(100)), "too long to be one");
    }
}
