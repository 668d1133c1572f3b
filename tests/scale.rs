//! Numbers of isolates and threads. In a process of its own: it counts the
//! process's threads.
