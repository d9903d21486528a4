//! What a connector is made of: config, spec, manifest.
