//! What outlives the process. For now that is what people have said of incidents, in a file.

mod marks;

pub use marks::{MarkFile, MarkFileError, ReadMarks};
