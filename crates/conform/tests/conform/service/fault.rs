//! Owns the faults: each is one thing that a real service was once built with.

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// One thing that is wrong with a service.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Fault {
            $($(#[$doc])* $name,)+
        }

        impl Fault {
            pub(crate) const ALL: &[Self] = &[$(Self::$name),+];

            /// By its name, for a service that is a process of its own.
            pub(crate) fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|fault| format!("{fault:?}") == name)
            }
        }
    };
}

faults! {
    /// Executes without a key.
    NeedsNoKey,
    /// Keeps what it answered, and not what it did, when it is killed.
    LosesEffects,
    /// Says what is missing, and not where that is explained.
    ExplainsNothing,
    /// Makes a key of the body where none is sent.
    MakesUpKeys,
    /// Takes the quotes for a part of the key.
    QuotesCount,
    /// Takes anything for a key where it said it takes strings.
    TakesTokens,
    /// Takes the first of two lines.
    TakesTwoLines,
    /// Takes an empty key.
    TakesEmptyKeys,
    /// Answers 500 to what is no key.
    BreaksOnBadKeys,
    /// Cuts what is too long.
    CutsLongKeys,
    /// Takes parameters for a part of the key.
    ParametersCount,
    /// Drops what is behind a backslash.
    EscapesDoNotCount,
    /// Lower case for all.
    CaseDoesNotCount,
    /// Reading uses keys up.
    RecordsReading,
    /// Takes any key, however short.
    TakesWeakKeys,
    /// Never looks for a record.
    ExecutesAgain,
    /// Marks the first answer too.
    MarksTheFirst,
    /// Marks nothing.
    MarksNothing,
    /// Renders the answer anew.
    RendersAnew,
    /// Loses the blank at a body's end.
    TrimsTheBody,
    /// Keeps status and body, no Location.
    DropsLocation,
    /// Lets others keep the replay.
    LetsOthersCache,
    /// Keeps successes only.
    ForgetsRefusals,
    /// Bad input uses the key up.
    KeepsBadInput,
    /// A missing credential uses the key up.
    KeepsMissingCredentials,
    /// Replays a body where there was none.
    FillsEmptyBodies,
    /// Keeps one line of each header.
    KeepsOneLine,
    /// Keeps cookies.
    KeepsCookies,
    /// Gives the coding of the first to all.
    CodesForAll,
    /// Keeps no long answer, nor that there was one.
    ForgetsLongAnswers,
    /// Another version of HTTP is another request.
    VersionsCount,
    /// Compares nothing.
    ComparesNothing,
    /// Looks for a request that runs before it compares.
    WaitsBeforeComparing,
    /// Key and bytes together name a request.
    BytesCount,
    /// Compares what it was told not to.
    ComparesExcluded,
    /// Compares bodies only.
    TargetsDoNotCount,
    /// The body is the key.
    BodiesAreKeys,
    /// A form's boundary makes another request.
    BoundariesCount,
    /// Compares the first of two members and executes the last.
    ReadsTwice,
    /// A body that is too large uses the key up.
    KeepsTooLarge,
    /// Does not say when to come again.
    NeverSaysWhen,
    /// Looks and writes in two steps.
    ExecutesInParallel,
    /// Lets duplicates wait for ever.
    WaitsForEver,
    /// Who waits and leaves takes the record along.
    LeavingFrees,
    /// Who waits holds a connection.
    WaitersHoldAll,
    /// Who leaves takes the work along.
    LeavesWithTheClient,
    /// Keeps keys in memory.
    ForgetsAtRestart,
    /// Writes the effect, then the record.
    RecordsLater,
    /// Keeps who is gone as the one that works.
    StaysLocked,
    /// Says that it is not known, and not in a form that a program can read.
    TellsUnknownBadly,
    /// Says that it is not known of what it has answered.
    DoubtsWhatIsDone,
    /// Executes without its store.
    GoesOnWithoutStore,
    /// Gives a key free that it could not record.
    FreesUnrecorded,
    /// Keeps a key of a handler that panicked.
    PanicsLock,
    /// Panics when the effect is made, and gives the key free.
    PanicsTooLate,
    /// Believes what is in front of its store.
    BelievesTheFront,
    /// One key for all callers.
    SharesKeys,
    /// Tells one caller that another has the key.
    TellsOfOthers,
    /// Helps with the first answer.
    TellsTheFirst,
    /// Helps with the key.
    TellsTheKey,
    /// Looks for a replay by the key alone.
    ReplaysTheLatest,
}
