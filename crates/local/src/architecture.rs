//! Images for another processor.

use crate::docker::Docker;
use crate::error::Error;
use crate::resource::ImageUse;

/// `error` again, or what is behind it when a program of `image` could not be run at all.
pub(crate) async fn explain(docker: &Docker, image: &ImageUse, error: Error) -> Error {
    if !is_format_error(&error) {
        return error;
    }
    let inspected = docker.client.inspect_image(&image.reference).await;
    let image_arch = inspected
        .ok()
        .and_then(|image| image.architecture)
        .unwrap_or_default();
    let engine_arch = &docker.version().arch;
    if image_arch.is_empty() || image_arch == *engine_arch {
        return error;
    }
    Error::Architecture {
        image: image.reference.clone(),
        image_arch,
        engine_arch: engine_arch.clone(),
    }
}

/// Whether the kernel did not know what to do with a program.
fn is_format_error(error: &Error) -> bool {
    const WORDS: &str = "exec format error";
    let said = |text: &str| text.to_lowercase().contains(WORDS);
    match error {
        Error::Call { source, .. } => said(&source.to_string()),
        Error::Ended { exit, tail, .. } | Error::JobFailed { exit, tail, .. } => {
            said(&exit.message) || tail.iter().any(|line| said(line))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Exit;

    #[test]
    fn a_program_for_another_processor_is_told_by_the_kernels_words() {
        let ended = |line: &str| Error::Ended {
            resource: "container `web-1`".to_owned(),
            exit: Exit {
                code: 255,
                ..Exit::default()
            },
            tail: vec![line.to_owned()],
        };
        assert!(is_format_error(&ended(
            "exec /usr/bin/tini: exec format error"
        )));
        assert!(!is_format_error(&ended(
            "exec /usr/bin/tini: no such file or directory"
        )));
    }
}
