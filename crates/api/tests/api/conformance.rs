//! Owns the rows of a key's conformance list that apply to this server, each in a test that begins with its name.
//!
//! Rows without a test here, and why:
//!
//! | row | reason |
//! |---|---|
//! | H-04 | strict mode is not offered over HTTP; both header forms are accepted. The key's own tests cover the parser |
//! | H-11 | there is no policy of minimal entropy |
//! | B-03 | there is no payment provider yet |
//! | B-07, B-08 | answers are JSON; no handler sets cookies, trailers or binary headers. B-08 checks Date and Connection |
//! | B-09 | answers are never compressed; the test shows that Accept-Encoding changes nothing |
//! | B-10 | answers are not limited: the request's limits bound them |
//! | B-11 | there is no streaming route |
//! | R-04 | no member of a body is excluded from the fingerprint |
//! | R-07 | there is one recipe so far; the reading of two is tested with the admission |
//! | R-08 | there is no multipart body |
//! | C-01 | duplicates attach: C-02 and C-03 |
//! | F-02, F-03 | need a real process: in the tests of the binary |
//! | F-04 and the rest of F | external effects, leases, replicas and Redis do not exist yet |

mod basics;
mod concurrency;
mod failure;
mod fingerprint;
mod header;
