import { describe, expect, test } from "vitest";
import { createLogger, redactText } from "./logger.ts";

/** Log line of some fields. */
function logged(fields: object): string {
  const lines: string[] = [];
  createLogger("debug", (line) => lines.push(line)).info(fields, "call");
  return lines.join("");
}

describe("the log has no secret", () => {
  test.each([
    "authorization",
    "Proxy-Authorization",
    "x-authorization",
    "cookie",
    "set-cookie",
    "x-api-key",
    "apikey",
    "ocp-apim-subscription-key",
    "x-auth-token",
    "x-csrf-token",
    "private-token",
    "x-vault-token",
    "x-client-secret",
    "x-amz-security-token",
    "x-credential",
    "x-forwarded-access-token",
    "x-auth-request-access-token",
    "x-amzn-oidc-accesstoken",
    "x-amzn-oidc-data",
    "x-amzn-oidc-identity",
    "cf-access-jwt-assertion",
    "x-goog-iap-jwt-assertion",
    "x-ms-client-principal",
  ])("in the header %s", (name) => {
    const line = logged({ headers: { [name]: "s3cret", "user-agent": "curl" } });
    expect(line).not.toContain("s3cret");
    expect(JSON.parse(line).headers).toEqual({ [name]: "[Redacted]", "user-agent": "curl" });
  });

  test("at any depth, and in errors and their causes", () => {
    const cause = Object.assign(new Error("GET https://me:s3cret@host/?access_token=s3cret"), {
      response: { metadata: { "x-auth-token": ["s3cret"] } },
    });
    const line = logged({ err: new Error("failed", { cause }), a: [{ b: { apiKey: "s3cret" } }] });
    expect(line).not.toContain("s3cret");
    expect(JSON.parse(line)).toMatchObject({ err: { message: expect.stringContaining("failed") } });
  });

  test("in texts", () => {
    const token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";
    expect(
      [
        "redis://:s3cret@host:6379 is gone",
        "postgres://me:s3cret@s3cret@host/db",
        "GET /a?page=2&X-Amz-Signature=s3cret&api_key=s3cret#top",
        "got Bearer s3cret.s3cret",
        `quoted "${token}"`,
      ].map(redactText),
    ).toEqual([
      "redis://[Redacted]@host:6379 is gone",
      "postgres://[Redacted]@host/db",
      "GET /a?page=2&X-Amz-Signature=[Redacted]&api_key=[Redacted]#top",
      "got Bearer [Redacted]",
      'quoted "[Redacted]"',
    ]);
  });
});

test("leaves texts without a secret unchanged", () => {
  const text =
    'Images may not come from a@b.example ("x=1;y=2"): https://example.com/cat?size=2 //a';
  expect(redactText(text)).toBe(text);
});
