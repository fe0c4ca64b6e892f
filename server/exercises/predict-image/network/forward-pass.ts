import { type ConvolutionShape, convolutions, cropSize, dense } from "./architecture.ts";
import { applyDense, convolve, type LayerParameters, rectifyAndPool, softmax } from "./layers.ts";

/** A network with the buffers it computes in; they are reused, so one crop at a time. */
export interface ForwardPass {
  /** Put the crop here: three planes of `cropSize`², numbers around 0. */
  readonly input: Float32Array;
  readonly stages: readonly Stage[];
  readonly denseParameters: LayerParameters;
  /** What goes into the dense layer: the last stage's pooled planes. */
  readonly features: Float32Array;
  /** One for each class, set by `run`. */
  readonly probabilities: Float32Array;
  run(): void;
}

/** One convolution with its ReLU and pooling. */
export interface Stage {
  readonly shape: ConvolutionShape;
  readonly parameters: LayerParameters;
  readonly input: Float32Array;
  readonly convolved: Float32Array;
  readonly pooled: Float32Array;
}

/**
 * @param parameters one entry for each layer of the architecture, in order
 * @throws {RangeError} when a layer's parameters are missing
 */
export function createForwardPass(parameters: readonly LayerParameters[]): ForwardPass {
  const denseParameters = parameters[convolutions.length];
  const input = new Float32Array(3 * cropSize ** 2);
  const stages: Stage[] = [];
  let features: Float32Array = input;
  for (const [index, shape] of convolutions.entries()) {
    const stage = createStage(shape, parameters[index], features);
    stages.push(stage);
    features = stage.pooled;
  }
  if (!denseParameters) throw new RangeError("Expected parameters for the dense layer, got none");
  const probabilities = new Float32Array(dense.outputs);

  return {
    input,
    stages,
    denseParameters,
    features,
    probabilities,
    run() {
      for (const stage of stages) {
        convolve(stage.shape, stage.parameters, stage.input, stage.convolved);
        rectifyAndPool(stage.shape, stage.convolved, stage.pooled);
      }
      applyDense(denseParameters, features, probabilities);
      softmax(probabilities);
    },
  };
}

function createStage(
  shape: ConvolutionShape,
  parameters: LayerParameters | undefined,
  input: Float32Array,
): Stage {
  if (!parameters) throw new RangeError("Expected parameters for each convolution, got too few");
  return {
    shape,
    parameters,
    input,
    convolved: new Float32Array(shape.outputChannels * shape.convolvedSize ** 2),
    pooled: new Float32Array(shape.outputChannels * shape.pooledSize ** 2),
  };
}
