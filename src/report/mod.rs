//! Findings to text. Pure.
