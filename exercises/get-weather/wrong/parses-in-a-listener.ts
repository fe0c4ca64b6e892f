import { Agent, get } from "node:http";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseWeather, weatherUrl } from "@unblock/learn/toolbox/weather";

export const decision: Decision = {
  strategy: "async",
  why: "node:http calls back when the response is there, and I parse it then.",
};

const agent = new Agent({ keepAlive: true });

export const handler: Handler<"getWeather"> = ({ city }, signal) =>
  new Promise((resolve, reject) => {
    get(weatherUrl(city), { agent, signal }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => {
        text += chunk;
      });
      // What is thrown here, nobody catches.
      response.on("end", () => resolve({ city, ...parseWeather(JSON.parse(text)) }));
    }).on("error", reject);
  });
