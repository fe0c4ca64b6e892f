import { encodePng, pictureFor } from "@unblock/backends/embedded/pictures/pictures";
import { type Page, type PictureHost, servePictures } from "@unblock/test/picture-host";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

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
    server = await startTestServer({ imageHosts: { "pictures.test": pictures.url } });
  });
  afterEach(() => pictures.requests());
  afterAll(() => Promise.all([server.close(), pictures.close()]));

  const strategies = ["cpu-pool", "blocking-pool", "event-loop"];
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
    ])("may redirect three times: %s ends after %j", async (path, asked) => {
      expect(await predict(path, strategy)).toMatchObject({
        code: "invalid_argument",
        error: "UNBLOCK_IMAGE_REDIRECTS",
        data: { image_url: `${base}${path}`, max_redirects: "3" },
      });
      expect(await pictures.requests()).toEqual(asked);
    });

    test.each([
      ["/to-another-host", "permission_denied", "IMAGE_HOST_FORBIDDEN", { host: "evil.test" }],
      ["/to-this-machine", "permission_denied", "IMAGE_HOST_FORBIDDEN", { host: "127.0.0.1:1" }],
      ["/to-a-file", "invalid_argument", "INVALID_REQUEST", {}],
      ["/missing", "not_found", "IMAGE_NOT_FOUND", { image_url: `${base}/missing` }],
      ["/500", "unavailable", "BACKEND_STATUS", { backend: "images", status: "500" }],
      ["/403", "unavailable", "BACKEND_STATUS", { backend: "images", status: "403" }],
      ["/empty", "invalid_argument", "IMAGE_NO_PNG", {}],
      ["/204", "invalid_argument", "IMAGE_NO_PNG", {}],
      ["/text", "invalid_argument", "IMAGE_NO_PNG", {}],
      ["/large", "invalid_argument", "IMAGE_TOO_LARGE", { max_bytes: "2097152" }],
    ])("%s is %s: UNBLOCK_%s", async (path, code, reason, data) => {
      const error = `UNBLOCK_${reason}`;
      expect(await predict(path, strategy)).toMatchObject({ code, error, data });
      expect(await pictures.requests()).toEqual([path]);
    });

    test.each(["/cut", "/to-nonsense"])("%s is the host's failure", async (path) => {
      expect(await predict(path, strategy)).toMatchObject({ code: "unavailable" });
    });
  });

  test("is asked once when it redirects to nowhere", async () => {
    await predict("/nowhere", "cpu-pool");
    expect(await pictures.requests()).toEqual(["/nowhere"]);
  });
});
