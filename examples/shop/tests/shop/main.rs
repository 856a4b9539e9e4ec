//! The shop as a process, with a database of its own: asked by `conform`, killed in a storm, and pressed again and again.

mod conform;
mod ground;
mod page;
mod payment;
mod storm;
