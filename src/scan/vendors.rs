//! Vendors whose keys have no form of their own. `datadog = "..."` says what `datadog_api_key = "..."` says, though neither `key` nor
//! `token` stands in it.

/// Sorted, in lower case and without signs. Words that are words of English too (`box`, `linear`) are left out.
#[rustfmt::skip]
const VENDORS: &[&str] = &[
    "abuseipdb", "adafruit", "airtable", "algolia", "alibaba", "aliyun", "amplitude", "anthropic", "apify",
    "asana", "assemblyai", "atlassian", "auth0", "bitbucket", "bitly", "bittrex", "browserstack",
    "buildkite", "circleci", "civo", "clickhouse", "clickup", "cloudflare", "cloudinary", "codecov",
    "cohere", "coinbase", "confluent", "contentful", "coveralls", "databricks", "datadog", "datagov",
    "deepgram", "deepseek", "digitalocean", "discord", "disqus", "docusign", "doppler", "droneci",
    "dropbox", "ebay", "elevenlabs", "etsy", "exoscale", "facebook", "fastly", "finicity", "finnhub",
    "flickr", "freshbooks", "fullstory", "gitea", "gitter", "gocardless", "greptile", "groq", "gumroad",
    "heroku", "honeycomb", "hubspot", "huggingface", "ibmcloud", "influxdb", "infomaniak", "intercom",
    "jira", "jumpcloud", "kagi", "klaviyo", "kraken", "kucoin", "larksuite", "launchdarkly", "lighton",
    "linkedin", "looker", "mailchimp", "mailgun", "mailjet", "mapbox", "mattermost", "meraki",
    "messagebird", "mistral", "moonshot", "netlify", "newrelic", "ngrok", "nytimes", "okta", "ollama",
    "openai", "openrouter", "openweather", "openweathermap", "opsgenie", "pagerduty", "paypal",
    "perplexity", "pinecone", "plaid", "planetscale", "plivo", "postmark", "postmarkapp", "privateai",
    "rapidapi", "razorpay", "replicate", "retell", "scaleway", "sendbird", "sendgrid", "sendinblue",
    "sentry", "servicenow", "shippo", "shopify", "slack", "snowflake", "snyk", "sonarcloud", "sonarqube",
    "squarespace", "stabilityai", "stripe", "sumologic", "tableau", "telegram", "telnyx", "travisci",
    "trello", "twilio", "twitch", "twitter", "typeform", "upstage", "upstash", "vercel", "virustotal",
    "voyageai", "vultr", "wandb", "weatherstack", "weightsandbiases", "woocommerce", "wrike", "yandex",
    "zendesk", "zoho", "zoominfo",
];

/// Sorted. What may stand beside a vendor's name and leaves its meaning as it is.
#[rustfmt::skip]
const BESIDE: &[&str] = &[
    "access", "account", "admin", "ai", "api", "app", "backend", "bot", "client", "com", "dev",
    "development", "env", "header", "io", "live", "login", "my", "pat", "prod", "production", "rest",
    "sandbox", "server", "service", "staging", "test", "user", "v1", "v2", "x",
];

/// True for a name that is a vendor's and says nothing else: `datadog`, `HEROKU_PROD`, but not `cloudflare_ray`.
pub(super) fn is_vendor(name: &str) -> bool {
    let mut vendor = false;
    for word in name.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        let word = word.to_ascii_lowercase();
        if VENDORS.binary_search(&word.as_str()).is_ok() {
            vendor = true;
        } else if BESIDE.binary_search(&word.as_str()).is_err() {
            return false;
        }
    }
    vendor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vendor_alone_or_beside_what_says_nothing() {
        for name in VENDORS {
            assert!(is_vendor(name) && is_vendor(&format!("{}_API", name.to_uppercase())), "{name}");
            assert!(!is_vendor(&format!("{name}_ray")) && !is_vendor(&format!("{name}s")), "{name}");
        }
        assert!(!is_vendor("api") && !is_vendor("") && !is_vendor("datadog.commit"));
    }

    #[test]
    fn lists_are_in_order() {
        assert!(VENDORS.is_sorted() && BESIDE.is_sorted());
    }
}
