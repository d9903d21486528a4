//! Cookies of analytics, load balancers and bot protection.

use super::kit::*;

/// Cookies by which a site knows a visitor again matter only where the answers differ; every other cookie matters.
#[test]
fn cookies_of_visitors_tell_clients_apart_and_no_accounts() {
    for name in ["_ga", "_ga_4F7WQ2", "_hjSessionUser_77", "AWSALB", "__cf_bm", "visid_incap_90", "datadome"]
    {
        let with = |value: &str| get("/v1/lots").cookie("theme", "dark").cookie(name, value);
        for other in [with("s:two"), get("/v1/lots").cookie("theme", "dark"), get("/v1/lots")] {
            let comparison = compare([with("s:one")], [other.clone()]);
            assert!(
                material(&comparison).iter().all(|place| place.contains("theme")),
                "{name}: {:?}",
                material(&comparison)
            );
            let refused = compare([with("s:one")], [other.status(403)]);
            assert!(!material(&refused).is_empty(), "{name}");
        }
    }
    let with = |value: &str| get("/v1/lots").cookie("_gadget", value);
    assert_eq!(
        material(&compare([with("s:one")], [with("s:two")])),
        ["request.cookie[_gadget] Altered: material"]
    );
    assert_eq!(
        material(&compare([with("s:one")], [get("/v1/lots")])),
        ["request.cookie[_gadget] Missing: material"]
    );
}
