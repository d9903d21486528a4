//! What lies between the client and the API.
