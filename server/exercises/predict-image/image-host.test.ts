import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Page, type PictureHost, servePictures } from "../../../testing/picture-host.ts";
import { startTestServer, type TestServer } from "../../../testing/test-server.ts";
import { encodePng, pictureFor } from "../../backends/embedded/pictures/pictures.ts";

const mebibyte = 1024 * 1024;
const png = encodePng(pictureFor("/dogs/1.png"));
const dog = { prediction: "dog", confidence: expect.any(Number) };
const base = "http://pictures.test";

const redirect = (location: string): Page => ({ status: 302, headers: { location } });

const pages: Record<string, Page> = {
  "/dog.png": { body: png },
  "/relative": redirect("/dog.png"),
  "/absolute": redirect(`${base}/dog.png`),
  "/to-the-example": redirect("http://example.com/dogs/1.png"),
  "/hop-1": redirect("/hop-2"),
  "/hop-2": redirect("/relative"),
  "/hop-0": redirect("/hop-1"),
  "/loop": redirect("/loop"),
  "/to-another-host": redirect("http://evil.test/secret"),
  "/to-this-machine": redirect("http://127.0.0.1:1/secret"),
  "/to-a-file": redirect("file:///etc/passwd"),
  "/to-nonsense": redirect("http://["),
  "/nowhere": { status: 302 },
  "/500": { status: 500, body: "broken" },
  "/403": { status: 403 },
  "/empty": {},
  "/204": { status: 204 },
  "/text": { headers: { "content-type": "image/png" }, body: "I am a PNG." },
  "/large": { body: new Uint8Array(2 * mebibyte + 1) },
  "/cut": { headers: { "content-length": "100000" }, body: png.subarray(0, 100), cut: true },
};

describe("a host of images", () => {
  let pictures: PictureHost;
  let server: TestServer;
  beforeAll(async () => {
    pictures = await servePictures(pages);
    server = await startTestServer({
      cpuWorkers: 1,
      blockingThreads: 1,
      processes: 1,
      imageHosts: { "pictures.test": pictures.url },
    });
  });
  afterEach(() => pictures.requests());
  afterAll(() => Promise.all([server.close(), pictures.close()]));

  const strategies = ["workers", "threads", "event-loop"];
  const predict = (path: string, strategy: string) =>
    server.call("PredictImage", { image_url: `${base}${path}` }, { strategy });

  describe.each(strategies)("with %s", (strategy) => {
    test.each(["/relative", "/absolute", "/to-the-example", "/hop-1"])(
      "may redirect, here from %s",
      async (path) => {
        expect(await predict(path, strategy)).toMatchObject({ code: "ok", body: dog });
      },
    );

    test.each([
      ["/hop-0", ["/hop-0", "/hop-1", "/hop-2", "/relative"]],
      ["/loop", ["/loop", "/loop", "/loop", "/loop"]],
    ])("may redirect three times, not more: %s is left after %j", async (path, asked) => {
      expect(await predict(path, strategy)).toMatchObject({
        code: "invalid_argument",
        message: `${base}${path} redirects more than 3 times.`,
      });
      expect(await pictures.requests()).toEqual(asked);
    });

    const refusal = (host: string) =>
      `Images may not come from ${host}; allowed: example.com, pictures.test.`;
    test.each([
      ["/to-another-host", "permission_denied", refusal("evil.test")],
      ["/to-this-machine", "permission_denied", refusal("127.0.0.1:1")],
      [
        "/to-a-file",
        "invalid_argument",
        'Expected image_url to be an http or https URL, got "file:///etc/passwd".',
      ],
      ["/missing", "not_found", `There is no image at ${base}/missing (HTTP status 404).`],
      ["/500", "unavailable", 'The backend "images" answers HTTP status 500.'],
      ["/403", "unavailable", 'The backend "images" answers HTTP status 403.'],
      ["/empty", "invalid_argument", "Expected image_url to give a PNG, got something else."],
      ["/204", "invalid_argument", "Expected image_url to give a PNG, got something else."],
      ["/text", "invalid_argument", "Expected image_url to give a PNG, got something else."],
      ["/large", "invalid_argument", `The image at ${base}/large is over 2097152 bytes.`],
    ])("%s is %s: %s", async (path, code, message) => {
      expect(await predict(path, strategy)).toMatchObject({ code, message });
      expect(await pictures.requests()).toEqual([path]);
    });

    test.each(["/cut", "/to-nonsense"])("%s is the host's failure", async (path) => {
      expect(await predict(path, strategy)).toMatchObject({ code: "unavailable" });
    });
  });

  test("is asked once when it redirects to nowhere", async () => {
    await predict("/nowhere", "workers");
    expect(await pictures.requests()).toEqual(["/nowhere"]);
  });
});
