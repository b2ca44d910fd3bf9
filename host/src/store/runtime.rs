//! The one async runtime of the process, behind the blocking calls of the stores over the network.

use std::future::Future;
use std::io;
use std::sync::{Mutex, OnceLock, PoisonError};

use tokio::runtime::{Builder, Runtime};

/// Threads that drive sockets and TLS. The calling threads do the rest: signing, and copying.
const WORKERS: usize = 2;

static RUNTIME: OnceLock<Runtime> = OnceLock::new();
static MAKING: Mutex<()> = Mutex::new(());

/// The runtime, made at the first call. Only the making can fail: the system gave no threads or no descriptors.
pub(super) fn get() -> io::Result<&'static Runtime> {
    // A `OnceLock` can't hold back a failed making, so a lock keeps two threads from making one each.
    let _making = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let made = Builder::new_multi_thread().worker_threads(WORKERS).thread_name("store").enable_all().build()?;
    Ok(RUNTIME.get_or_init(|| made))
}

/// Waits for `future` on the calling thread. Many threads may wait at once; a thread that itself runs async tasks
/// may not, tokio panics there.
pub(super) fn wait<F: Future>(runtime: &Runtime, future: F) -> F::Output {
    runtime.block_on(future)
}
