//! The forms, a row each: how it begins, what comes then, and where that is said.
//!
//! A row is of use where the prefix alone tells the vendor. Keys without one (32 digits of hexadecimal) are found by the name they stand
//! under instead.

use super::Kind::{Alnum, Any, AnyHex, Base64, Digit, Dotted, Hex, Lower, Upper, Url, Word};
use super::{Format, Kind, Part, Run, checksum};

const fn exactly(kind: Kind, length: usize) -> Part {
    Part::Run(Run { kind, least: length, most: length })
}

const fn from(kind: Kind, least: usize, most: usize) -> Part {
    Part::Run(Run { kind, least, most })
}

const fn text(literal: &'static str) -> Part {
    Part::Text(literal)
}

const fn row(
    rule: &'static str,
    what: &'static str,
    prefixes: &'static [&'static str],
    rest: &'static [Part],
    source: &'static str,
) -> Format {
    Format { rule, what, before: None, prefixes, rest, check: None, source }
}

impl Format {
    const fn checked(self, check: fn(&str) -> bool) -> Self {
        Self { check: Some(check), ..self }
    }

    const fn after(self, kind: Kind, least: usize, most: usize) -> Self {
        Self { before: Some(Run { kind, least, most }), ..self }
    }
}

/// Where many vendors' forms are gathered, for those whose documentation shows samples only.
const GITHUB_PARTNERS: &str =
    "https://docs.github.com/code-security/secret-scanning/introduction/supported-secret-scanning-patterns";
const GITLEAKS: &str = "https://github.com/gitleaks/gitleaks, config/gitleaks.toml (the form as a fact)";

/// Sorted by name.
#[rustfmt::skip]
pub(super) const TABLE: &[Format] = &[
    row("adobe-client-secret", "Adobe client secret", &["p8e-"], &[exactly(Alnum, 32)], GITLEAKS),
    row("age-secret-key", "age identity", &["AGE-SECRET-KEY-1"], &[exactly(Upper, 58)], "https://age-encryption.org/v1"),
    row("airtable-token", "Airtable personal access token", &["pat"], &[exactly(Alnum, 14), text("."), exactly(Hex, 64)], "https://airtable.com/developers/web/guides/personal-access-tokens"),
    row("alibaba-access-key", "Alibaba Cloud access key id", &["LTAI"], &[from(Alnum, 12, 20)], GITHUB_PARTNERS),
    row("anthropic-key", "Anthropic API key", &["sk-ant-api03-", "sk-ant-admin01-", "sk-ant-oat01-", "sk-ant-ort01-"], &[from(Url, 80, 160)], "https://docs.anthropic.com/en/api"),
    row("artifactory-key", "Artifactory API key", &["AKCp"], &[from(Alnum, 60, 80)], "https://github.com/Yelp/detect-secrets, plugin artifactory"),
    row("artifactory-reference-token", "Artifactory reference token", &["cmVmdGtuOj"], &[from(Alnum, 50, 60)], "https://jfrog.com/help/r/jfrog-platform-administration-documentation/reference-token"),
    row("asana-token", "Asana personal access token", &["2/"], &[from(Digit, 15, 17), text("/"), from(Digit, 15, 17), text(":"), exactly(Hex, 32)], "https://developers.asana.com/docs/personal-access-token"),
    row("atlassian-token", "Atlassian API token", &["ATATT3", "ATCTT3", "ATSTT3"], &[from(Any, 100, 250)], "https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account"),
    row("aws-access-key", "AWS access key id", &["AKIA", "ASIA", "ABIA", "ACCA"], &[exactly(Upper, 16)], "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html"),
    row("aws-bedrock-key", "Amazon Bedrock API key", &["ABSK"], &[from(Base64, 109, 269), Part::Maybe("=")], GITLEAKS),
    row("aws-mws-key", "Amazon MWS auth token", &["amzn.mws."], &[exactly(Hex, 8), text("-"), exactly(Hex, 4), text("-"), exactly(Hex, 4), text("-"), exactly(Hex, 4), text("-"), exactly(Hex, 12)], GITLEAKS),
    row("azure-client-secret", "Microsoft Entra client secret", &["7Q~", "8Q~"], &[from(Any, 31, 34)], "https://learn.microsoft.com/purview/sit-defn-client-secret-api-key").after(Any, 3, 3),
    row("azure-storage-key", "Azure storage account key", &["AccountKey="], &[exactly(Base64, 86), text("==")], "https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string").checked(checksum::azure_key),
    row("azure-wide-key", "Azure key of the common annotated form", &["JQQJ99"], &[from(Alnum, 20, 32)], "https://github.com/microsoft/security-utilities").after(Alnum, 50, 54),
    row("bitbucket-app-password", "Bitbucket app password", &["ATBB"], &[exactly(Alnum, 32)], "https://support.atlassian.com/bitbucket-cloud/docs/app-passwords"),
    row("braintree-token", "Braintree access token", &["access_token$production$"], &[exactly(Lower, 16), text("$"), exactly(Hex, 32)], "https://developer.paypal.com/braintree/docs"),
    row("brevo-key", "Brevo API key", &["xkeysib-"], &[exactly(Hex, 64), text("-"), exactly(Alnum, 16)], "https://developers.brevo.com/docs/getting-started"),
    row("buildkite-token", "Buildkite API token", &["bkua_"], &[exactly(Hex, 40)], "https://buildkite.com/docs/apis/managing-api-tokens"),
    row("circleci-token", "CircleCI token", &["CCIPAT_", "CCIPRJ_"], &[exactly(Alnum, 22), text("_"), exactly(Hex, 40)], "https://circleci.com/docs/managing-api-tokens"),
    row("clickhouse-cloud-key", "ClickHouse Cloud secret key", &["4b1d"], &[exactly(Alnum, 38)], GITLEAKS),
    row("cloudflare-origin-key", "Cloudflare origin CA key", &["v1.0-"], &[exactly(Hex, 24), text("-"), exactly(Hex, 146)], "https://developers.cloudflare.com/fundamentals/api/get-started/ca-keys"),
    row("contentful-token", "Contentful management token", &["CFPAT-"], &[exactly(Url, 43)], "https://www.contentful.com/developers/docs/references/authentication"),
    row("crates-io-token", "crates.io token", &["cio"], &[exactly(Alnum, 32)], "https://github.com/rust-lang/crates.io, src/util/token.rs"),
    row("databricks-oauth-secret", "Databricks OAuth secret", &["dose"], &[exactly(Hex, 32)], "https://docs.databricks.com/dev-tools/auth/oauth-m2m.html"),
    row("databricks-token", "Databricks personal access token", &["dapi"], &[exactly(Hex, 32)], "https://docs.databricks.com/dev-tools/auth/pat.html"),
    row("digitalocean-token", "DigitalOcean token", &["dop_v1_", "doo_v1_", "dor_v1_"], &[exactly(Hex, 64)], "https://docs.digitalocean.com/reference/api/create-personal-access-token"),
    row("discord-webhook", "Discord webhook URL", &["discord.com/api/webhooks/", "discordapp.com/api/webhooks/"], &[from(Digit, 17, 20), text("/"), from(Url, 60, 72)], "https://discord.com/developers/docs/resources/webhook"),
    row("docker-hub-token", "Docker Hub access token", &["dckr_pat_", "dckr_oat_"], &[from(Url, 24, 40)], "https://docs.docker.com/security/for-developers/access-tokens"),
    row("doppler-token", "Doppler token", &["dp.pt.", "dp.st.", "dp.ct.", "dp.sa.", "dp.scim.", "dp.audit."], &[from(Dotted, 40, 64)], "https://docs.doppler.com/reference/auth-token-formats"),
    row("dropbox-token", "Dropbox access token", &["sl."], &[from(Url, 120, 1500)], "https://www.dropbox.com/developers/documentation/http/documentation"),
    row("duffel-token", "Duffel access token", &["duffel_live_", "duffel_test_"], &[exactly(Url, 43)], "https://duffel.com/docs/api/overview/making-requests"),
    row("dynatrace-token", "Dynatrace token", &["dt0c01.", "dt0s01.", "dt0s16."], &[from(Alnum, 8, 24), text("."), exactly(Alnum, 64)], "https://docs.dynatrace.com/docs/manage/identity-access-management/access-tokens-and-oauth-clients/access-tokens"),
    row("easypost-key", "EasyPost API key", &["EZAK", "EZTK"], &[exactly(Alnum, 54)], "https://docs.easypost.com/docs/authentication"),
    row("facebook-token", "Meta access token", &["EAA"], &[from(Alnum, 100, 400)], "https://developers.facebook.com/docs/facebook-login/guides/access-tokens"),
    row("figma-token", "Figma personal access token", &["figd_"], &[from(Url, 38, 64)], "https://www.figma.com/developers/api#access-tokens"),
    row("flutterwave-key", "Flutterwave secret key", &["FLWSECK-", "FLWSECK_TEST-"], &[from(Alnum, 32, 44)], "https://developer.flutterwave.com/docs/authentication"),
    row("flyio-token", "Fly.io access token", &["fo1_", "fm1_", "fm1a_", "fm1r_", "fm2_"], &[from(Any, 40, 1500)], "https://fly.io/docs/security/tokens"),
    row("frameio-token", "Frame.io token", &["fio-u-"], &[exactly(Url, 64)], "https://developer.frame.io/docs/getting-started/authentication"),
    row("github-fine-grained-token", "GitHub fine-grained token", &["github_pat_"], &[exactly(Alnum, 22), text("_"), exactly(Alnum, 59)], "https://github.blog/changelog/2022-10-18-introducing-fine-grained-personal-access-tokens").checked(checksum::base62),
    row("github-token", "GitHub token", &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], &[from(Alnum, 36, 255)], "https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats").checked(checksum::base62),
    row("gitlab-runner-registration-token", "GitLab runner registration token", &["GR1348941"], &[exactly(Url, 20)], "https://docs.gitlab.com/security/tokens"),
    row("gitlab-token", "GitLab token", &["glpat-", "gldt-", "glrt-", "glrtr-", "glcbt-", "glptt-", "glft-", "glimt-", "glagent-", "glsoat-", "gloas-", "glffct-"], &[from(Dotted, 20, 320)], "https://docs.gitlab.com/security/tokens"),
    row("gocardless-token", "GoCardless access token", &["live_", "sandbox_"], &[exactly(Url, 40)], "https://developer.gocardless.com/getting-started/api/making-your-first-request"),
    row("google-api-key", "Google API key", &["AIza"], &[exactly(Url, 35)], "https://cloud.google.com/docs/authentication/api-keys"),
    row("google-client-secret", "Google OAuth client secret", &["GOCSPX-"], &[exactly(Url, 28)], "https://developers.google.com/identity/protocols/oauth2"),
    row("google-oauth-token", "Google OAuth access token", &["ya29."], &[from(Dotted, 40, 2048)], "https://developers.google.com/identity/protocols/oauth2#size"),
    row("google-refresh-token", "Google OAuth refresh token", &["1//0"], &[from(Url, 40, 512)], "https://developers.google.com/identity/protocols/oauth2#size"),
    row("grafana-cloud-token", "Grafana Cloud token", &["glc_eyJ"], &[from(Any, 40, 400)], "https://grafana.com/docs/grafana-cloud/account-management/authentication-and-permissions/access-policies"),
    row("grafana-service-account-token", "Grafana service account token", &["glsa_"], &[exactly(Alnum, 32), text("_"), exactly(AnyHex, 8)], "https://github.com/grafana/grafana, pkg/components/satokengen").checked(checksum::grafana),
    row("groq-key", "Groq API key", &["gsk_"], &[exactly(Alnum, 52)], GITHUB_PARTNERS),
    row("harness-token", "Harness token", &["pat.", "sat."], &[exactly(Url, 22), text("."), exactly(Alnum, 24), text("."), exactly(Alnum, 20)], GITLEAKS),
    row("heroku-key", "Heroku API key", &["HRKU-AA"], &[exactly(Url, 58)], "https://devcenter.heroku.com/articles/authentication"),
    row("hubspot-token", "HubSpot private app token", &["pat-na1-", "pat-na2-", "pat-na3-", "pat-eu1-", "pat-ap1-"], &[exactly(AnyHex, 8), text("-"), exactly(AnyHex, 4), text("-"), exactly(AnyHex, 4), text("-"), exactly(AnyHex, 4), text("-"), exactly(AnyHex, 12)], "https://developers.hubspot.com/docs/guides/apps/private-apps/overview"),
    row("hugging-face-token", "Hugging Face token", &["hf_", "api_org_"], &[from(Alnum, 34, 37)], "https://huggingface.co/docs/hub/security-tokens"),
    row("infracost-key", "Infracost API key", &["ico-"], &[exactly(Alnum, 32)], GITLEAKS),
    row("jwt", "JSON Web Token", &["eyJ"], &[from(Url, 12, 4096), text(".eyJ"), from(Url, 8, 16384), text("."), from(Url, 20, 2048)], "RFC 7519, RFC 7515").checked(checksum::jwt),
    row("klaviyo-key", "Klaviyo private key", &["pk_"], &[exactly(Hex, 34)], "https://developers.klaviyo.com/en/docs/authenticate_"),
    row("linear-key", "Linear API key", &["lin_api_", "lin_oauth_"], &[from(Alnum, 40, 64)], "https://linear.app/developers/graphql"),
    row("mailchimp-key", "Mailchimp API key", &["-us"], &[from(Digit, 1, 2)], "https://mailchimp.com/developer/marketing/guides/quick-start").after(Hex, 32, 32),
    row("mailgun-key", "Mailgun API key", &["key-"], &[exactly(Hex, 32)], "https://documentation.mailgun.com/docs/mailgun/api-reference/authentication"),
    row("mapbox-secret-token", "Mapbox secret token", &["sk.eyJ"], &[from(Url, 60, 120), text("."), from(Url, 20, 24)], "https://docs.mapbox.com/help/glossary/access-token"),
    row("microsoft-teams-webhook", "Microsoft Teams webhook URL", &["webhook.office.com/webhookb2/"], &[exactly(Url, 36), text("@"), exactly(Url, 36), text("/IncomingWebhook/"), exactly(AnyHex, 32)], "https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook"),
    row("netlify-token", "Netlify access token", &["nfp_"], &[exactly(Alnum, 36)], "https://docs.netlify.com/api-and-cli-guides/api-guides/get-started-with-api"),
    row("new-relic-key", "New Relic user key", &["NRAK-"], &[exactly(Upper, 27)], "https://docs.newrelic.com/docs/apis/intro-apis/new-relic-api-keys"),
    row("notion-token", "Notion integration token", &["ntn_"], &[from(Alnum, 43, 50)], "https://developers.notion.com/page/changelog"),
    row("notion-token-old", "Notion integration token", &["secret_"], &[exactly(Alnum, 43)], "https://developers.notion.com/docs/authorization"),
    row("npm-token", "npm access token", &["npm_"], &[exactly(Alnum, 36)], "https://github.blog/changelog/2021-09-23-npm-has-a-new-access-token-format").checked(checksum::base62),
    row("nuget-key", "NuGet API key", &["oy2"], &[exactly(Lower, 43)], "https://learn.microsoft.com/nuget/nuget-org/scoped-api-keys"),
    row("okta-token", "Okta API token", &["SSWS 00", "SSWS%2000"], &[exactly(Url, 40)], "https://developer.okta.com/docs/guides/create-an-api-token"),
    row("onepassword-secret-key", "1Password secret key", &["A3-"], &[exactly(Upper, 6), text("-"), from(Upper, 6, 11), text("-"), exactly(Upper, 5), text("-"), exactly(Upper, 5), text("-"), exactly(Upper, 5)], "https://support.1password.com/secret-key-security"),
    row("onepassword-service-token", "1Password service account token", &["ops_eyJ"], &[from(Base64, 240, 2048)], "https://developer.1password.com/docs/service-accounts"),
    row("openai-key", "OpenAI API key", &["sk-proj-", "sk-svcacct-", "sk-admin-"], &[from(Url, 58, 200)], "https://platform.openai.com/docs/api-reference/authentication"),
    row("openai-key-old", "OpenAI API key", &["sk-"], &[exactly(Alnum, 20), text("T3BlbkFJ"), exactly(Alnum, 20)], "https://github.com/Yelp/detect-secrets, plugin openai"),
    row("openrouter-key", "OpenRouter API key", &["sk-or-v1-"], &[exactly(Hex, 64)], "https://openrouter.ai/docs/api-reference/authentication"),
    row("openshift-token", "OpenShift user token", &["sha256~"], &[exactly(Url, 43)], "https://docs.openshift.com/container-platform/latest/authentication"),
    row("paystack-or-stripe-key", "Stripe or Paystack secret key", &["sk_live_", "sk_test_", "rk_live_", "rk_test_"], &[from(Alnum, 16, 248)], "https://docs.stripe.com/keys"),
    row("perplexity-key", "Perplexity API key", &["pplx-"], &[exactly(Alnum, 48)], "https://docs.perplexity.ai"),
    row("plaid-token", "Plaid access token", &["access-production-", "access-sandbox-", "access-development-"], &[exactly(Hex, 8), text("-"), exactly(Hex, 4), text("-"), exactly(Hex, 4), text("-"), exactly(Hex, 4), text("-"), exactly(Hex, 12)], "https://plaid.com/docs/api/tokens"),
    row("planetscale-token", "PlanetScale token", &["pscale_tkn_", "pscale_pw_", "pscale_oauth_"], &[from(Dotted, 32, 64)], "https://planetscale.com/docs/concepts/service-tokens"),
    row("postman-key", "Postman API key", &["PMAK-"], &[exactly(Hex, 24), text("-"), exactly(Hex, 34)], "https://learning.postman.com/docs/developer/postman-api/authentication"),
    row("prefect-key", "Prefect API key", &["pnu_"], &[exactly(Lower, 36)], GITLEAKS),
    row("pulumi-token", "Pulumi access token", &["pul-"], &[exactly(Hex, 40)], "https://www.pulumi.com/docs/pulumi-cloud/access-management/access-tokens"),
    row("pypi-token", "PyPI token", &["pypi-AgEIcHlwaS5vcmc", "pypi-AgENdGVzdC5weXBpLm9yZ"], &[from(Url, 50, 1000)], "https://pypi.org/help/#apitoken").checked(checksum::macaroon),
    row("readme-key", "ReadMe API key", &["rdme_"], &[exactly(Lower, 70)], GITLEAKS),
    row("replicate-token", "Replicate API token", &["r8_"], &[exactly(Alnum, 37)], "https://replicate.com/docs/topics/security/api-tokens"),
    row("rubygems-key", "RubyGems API key", &["rubygems_"], &[exactly(Hex, 48)], "https://guides.rubygems.org/api-key-scopes"),
    row("salesforce-session", "Salesforce access token", &["00D"], &[from(Alnum, 12, 15), text("!"), from(Dotted, 80, 160)], "https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/quickstart_oauth.htm"),
    row("sendgrid-key", "SendGrid API key", &["SG."], &[exactly(Url, 22), text("."), exactly(Url, 43)], "https://www.twilio.com/docs/sendgrid/ui/account-and-settings/api-keys"),
    row("sentry-organisation-token", "Sentry organisation token", &["sntrys_eyJ"], &[from(Any, 60, 400)], "https://docs.sentry.io/account/auth-tokens"),
    row("sentry-user-token", "Sentry user token", &["sntryu_"], &[exactly(Hex, 64)], "https://docs.sentry.io/account/auth-tokens"),
    row("shippo-token", "Shippo API token", &["shippo_live_", "shippo_test_"], &[exactly(Hex, 40)], "https://docs.goshippo.com/docs/guides_general/authentication"),
    row("shopify-token", "Shopify token", &["shpat_", "shpca_", "shppa_", "shpss_"], &[exactly(AnyHex, 32)], "https://shopify.dev/docs/apps/build/authentication-authorization"),
    row("slack-app-token", "Slack app-level token", &["xapp-"], &[exactly(Digit, 1), text("-"), from(Upper, 9, 14), text("-"), from(Digit, 10, 15), text("-"), from(Hex, 60, 70)], "https://docs.slack.dev/authentication/tokens"),
    row("slack-token", "Slack token", &["xoxb-", "xoxp-", "xoxa-", "xoxo-", "xoxr-", "xoxs-", "xoxc-", "xoxd-", "xoxe-", "xoxe.xoxp-", "xoxe.xoxb-"], &[from(Any, 20, 255)], "https://docs.slack.dev/authentication/tokens"),
    row("slack-webhook", "Slack webhook URL", &["hooks.slack.com/services/", "hooks.slack.com/workflows/", "hooks.slack.com/triggers/"], &[from(Any, 36, 120)], "https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks"),
    row("sonar-token", "SonarQube token", &["sqp_", "squ_", "sqa_"], &[exactly(Hex, 40)], "https://docs.sonarsource.com/sonarqube-server/latest/user-guide/managing-tokens"),
    row("sourcegraph-token", "Sourcegraph access token", &["sgp_"], &[from(Word, 40, 80)], "https://sourcegraph.com/docs/cli/how-tos/creating_an_access_token"),
    row("square-access-token", "Square access token", &["EAAA"], &[exactly(Url, 60)], "https://developer.squareup.com/docs/build-basics/access-tokens"),
    row("square-oauth-secret", "Square OAuth secret", &["sq0csp-"], &[exactly(Url, 43)], "https://developer.squareup.com/docs/build-basics/access-tokens"),
    row("square-token", "Square access token", &["sq0atp-"], &[exactly(Url, 22)], "https://developer.squareup.com/docs/build-basics/access-tokens"),
    row("stripe-webhook-secret", "Stripe webhook signing secret", &["whsec_"], &[from(Base64, 32, 64)], "https://docs.stripe.com/webhooks/signature"),
    row("supabase-key", "Supabase key", &["sbp_", "sb_secret_"], &[from(Word, 31, 48)], "https://supabase.com/docs/guides/api/api-keys"),
    row("tailscale-key", "Tailscale key", &["tskey-auth-", "tskey-api-", "tskey-client-", "tskey-webhook-"], &[from(Alnum, 10, 24), text("-"), from(Alnum, 16, 48)], "https://tailscale.com/kb/1252/key-secret-management"),
    row("telegram-bot-token", "Telegram bot token", &[":AA"], &[exactly(Url, 33)], "https://core.telegram.org/bots/api#authorizing-your-bot").after(Digit, 8, 10),
    row("terraform-token", "HCP Terraform token", &[".atlasv1."], &[from(Url, 60, 70)], "https://developer.hashicorp.com/terraform/cloud-docs/users-teams-organizations/api-tokens").after(Alnum, 14, 14),
    row("twilio-key", "Twilio API key", &["SK"], &[exactly(Hex, 32)], "https://www.twilio.com/docs/iam/api-keys"),
    row("typeform-token", "Typeform personal access token", &["tfp_"], &[from(Any, 40, 64)], "https://www.typeform.com/developers/get-started/personal-access-token"),
    row("vault-token", "Vault token", &["hvs.", "hvb.", "hvr."], &[from(Url, 24, 300)], "https://developer.hashicorp.com/vault/docs/concepts/tokens"),
    row("xai-key", "xAI API key", &["xai-"], &[exactly(Alnum, 80)], GITHUB_PARTNERS),
    row("yandex-key", "Yandex Cloud API key", &["AQVN"], &[from(Url, 35, 38)], GITLEAKS),
    row("zoho-token", "Zoho OAuth token", &["1000."], &[exactly(Hex, 32), text("."), exactly(Hex, 32)], "https://www.zoho.com/accounts/protocol/oauth/web-apps/access-token.html"),
];
