//! Runs a command under the proxy: environment, trust stores, standard streams, signals, and clues from its output.
