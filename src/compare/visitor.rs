//! Cookies by which analytics, load balancers and bot protection know a visitor again. They are new for every visitor, and say nothing of the
//! account.

/// Whole names, as the documentation of their makers gives them.
#[rustfmt::skip]
const NAMES: &[&str] = &[
    // Google Analytics and Ads, Meta, Segment, HubSpot, Clarity, Optimizely
    "_ga", "_gid", "_gat", "_gcl_au", "_fbp", "_fbc", "ajs_anonymous_id", "hubspotutk", "__hstc", "__hssc", "__hssrc",
    "_clck", "_clsk", "optimizelyEndUserId",
    // Load balancers: Amazon, Azure, Google Cloud, HAProxy, Apache
    "AWSALB", "AWSALBCORS", "AWSALBTG", "AWSALBTGCORS", "AWSELB", "AWSELBCORS", "ARRAffinity", "ARRAffinitySameSite",
    "GCLB", "SERVERID", "ROUTEID",
    // Bot protection: Cloudflare, Akamai, DataDome
    "__cf_bm", "_cfuvid", "__cfruid", "cf_clearance", "_abck", "ak_bmsc", "bm_sz", "bm_sv", "datadome",
];

/// How names begin that go on with the site's own id: Google Analytics, Hotjar, Amplitude, Mixpanel, F5, Imperva.
const BEGINNINGS: &[&str] =
    &["_ga_", "_gat_", "_hj", "AMP_", "amp_", "mp_", "BIGipServer", "visid_incap_", "incap_ses_", "nlbi_"];

/// True for the name of such a cookie.
pub(super) fn knows_a_visitor(name: &str) -> bool {
    NAMES.contains(&name) || BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
}
