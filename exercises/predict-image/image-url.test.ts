import { encodePng, pictureFor } from "@unblock/backends/embedded/pictures/pictures";
import { type PictureHost, servePictures } from "@unblock/test/picture-host";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

const dog = { prediction: "dog", confidence: expect.any(Number) };

describe("the URL of an image", () => {
  let pictures: PictureHost;
  let server: TestServer;
  beforeAll(async () => {
    const body = encodePng(pictureFor("/dogs/1.png"));
    pictures = await servePictures({ "/dog.png": { body }, "/dog.png?large=1": { body } });
    server = await startTestServer({ imageHosts: { "pictures.test": pictures.url } });
  });
  afterEach(() => pictures.requests());
  afterAll(() => Promise.all([server.close(), pictures.close()]));

  const predict = (image_url: string, strategy = "cpu-pool") =>
    server.call("PredictImage", { image_url }, { strategy });

  describe.each(["cpu-pool", "blocking-pool", "event-loop"])("with %s", (strategy) => {
    test.each([
      "http://pictures.test/dog.png",
      "https://pictures.test/dog.png",
      "http://PICTURES.test:80/dog.png",
      "http://pictures.test/cats/../dog.png",
      "http://pictures.test/dog.png?large=1",
    ])("may be %s, of an allowed host", async (url) => {
      expect(await predict(url, strategy)).toMatchObject({ code: "ok", body: dog });
      expect(await pictures.requests()).toHaveLength(1);
    });

    test.each([
      "",
      "dog.png",
      "/dog.png",
      "http://",
      "ftp://pictures.test/dog.png",
      "file:///etc/passwd",
      "data:image/png;base64,AAAA",
      "javascript:1",
    ])("rejects %j, which is not an http or https URL", async (url) => {
      expect(await predict(url, strategy)).toMatchObject({
        code: "invalid_argument",
        error: "UNBLOCK_INVALID_REQUEST",
        data: { problems: expect.stringContaining("image_url") },
      });
    });

    test.each([
      ["http://127.0.0.1/", "127.0.0.1"],
      ["http://2130706433/", "127.0.0.1"],
      ["http://[::1]:80/", "[::1]"],
      ["http://localhost:8080/", "localhost:8080"],
      ["http://169.254.169.254/latest/meta-data", "169.254.169.254"],
      ["http://pictures.test:81/dog.png", "pictures.test:81"],
      ["https://pictures.test:80/dog.png", "pictures.test:80"],
      ["http://pictures.test./dog.png", "pictures.test."],
      ["http://pictures.test.evil.test/dog.png", "pictures.test.evil.test"],
      ["http://pictures.test@evil.test/dog.png", "evil.test"],
      ["http://evil.test\\@pictures.test/dog.png", "evil.test"],
      ["http://constructor/dog.png", "constructor"],
      ["http://__proto__/dog.png", "__proto__"],
    ])("rejects %s, whose host is %s", async (url, host) => {
      expect(await predict(url, strategy)).toMatchObject({
        code: "permission_denied",
        error: "UNBLOCK_IMAGE_HOST_FORBIDDEN",
        data: { host, allowed: "example.com, pictures.test" },
      });
    });
  });

  test("may have credentials, which are not sent", async () => {
    expect(await predict("http://user:secret@pictures.test/dog.png")).toMatchObject({ body: dog });
    expect(await pictures.requests()).toEqual(["/dog.png"]);
  });

  test("is shortened in the message", async () => {
    const { message } = await predict("x".repeat(10_000));
    expect(message).toHaveLength(
      "Expected image_url to be an http or https URL, got .".length + 203,
    );
  });

  test("cannot leave the images service by dots", async () => {
    for (const path of ["../service-1", "%2e%2e/service-1", "..%2fservice-1", "\\..\\service-1"]) {
      await predict(`http://example.com/${path}`);
    }
    expect(await server.backend("service-1")).toMatchObject({ calls: 0 });
  });
});
