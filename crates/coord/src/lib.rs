//! Hints in front of the truth: locks, one-time tokens and rate limits, in the process or on Redis. It knows no SQL, no
//! HTTP and no business; for every lie that a coordinator tells, nothing is applied twice.
