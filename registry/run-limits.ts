/** What a race or a load may ask for at most: the server refuses more, and the page's forms say so. */
export const mostStrategies = 4;
export const mostCalls = 1_000;
export const mostCallsPerSecond = 5_000;
export const mostSeconds = 60;
