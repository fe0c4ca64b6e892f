/**
 * Measures one way of a question and prints its figures as JSON. Arguments: the question's id, the name of the
 * way, an empty folder, and the figure.
 */
import { definitions } from "./questions.ts";

const [, , id, way = "", folder = "", figure] = process.argv;
const definition = definitions.find((one) => one.id === id);
process.stdout.write(JSON.stringify(await definition?.ways[way]?.(Number(figure), folder)));
