import { callBlocking } from "@unblock/backends/blocking";
import { callHttp, type HttpRequest } from "@unblock/backends/http";
import { traceHeaders } from "@unblock/connect/observability/opentelemetry";
import { backendUnavailable } from "@unblock/errors/failure";
import type { LocalContext } from "@unblock/executors/executor";

export interface Weather {
  readonly temperature: number;
  readonly conditions: string;
}

export function weatherRequest(weatherUrl: string, city: string): HttpRequest {
  const url = `${weatherUrl}?city=${encodeURIComponent(city)}`;
  // Only the calling thread knows the trace.
  return { backend: "weather", url, trace: traceHeaders() };
}

/** Waits without a thread. */
export async function fetchWeather(
  request: HttpRequest,
  { signal }: LocalContext,
): Promise<Weather> {
  return parseWeather(await callHttp(request, signal));
}

/** Blocks its thread until the response arrives. */
export function fetchWeatherBlocking(request: HttpRequest): Weather {
  return parseWeather(callBlocking("callHttp", request));
}

function parseWeather(body: unknown): Weather {
  const { temperature, conditions }: Readonly<Record<string, unknown>> = Object(body);
  if (typeof temperature === "number" && typeof conditions === "string") {
    return { temperature, conditions };
  }
  throw backendUnavailable("weather", "its response has no temperature and conditions");
}
