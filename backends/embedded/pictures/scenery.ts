import { mix, withOpacity } from "./animals.ts";
import { type Canvas, type Colour, Pen } from "./canvas.ts";
import { between, type Random } from "./seeds.ts";

/**
 * Fills the canvas: a gradient with ellipses, triangles and bars in any colours, so that a round or
 * pointed shape alone says nothing about the animal.
 */
export function drawBackground(canvas: Canvas, random: Random): void {
  const top = anyColour(random);
  const bottom = mix(top, anyColour(random), 0.7);
  for (let row = 0; row < canvas.height; row++) {
    const colour = mix(top, bottom, row / canvas.height);
    for (let column = 0; column < canvas.width; column++) {
      canvas.rgb.set(colour, (row * canvas.width + column) * 3);
    }
  }
  const shapes = Math.floor(between(random, 3, 9));
  for (let shape = 0; shape < shapes; shape++) drawClutter(canvas, random);
}

function drawClutter(canvas: Canvas, random: Random): void {
  const pen = new Pen(canvas, {
    centre: [between(random, 0, canvas.width), between(random, 0, canvas.height)],
    scale: between(random, 5, 22),
    rotation: between(random, 0, Math.PI * 2),
  });
  const base = anyColour(random);
  const colour = withOpacity(base, between(random, 0.4, 1));
  const kind = random();
  if (kind < 0.4) {
    pen.ellipse([0, 0], [1, between(random, 0.3, 1)], 0, colour);
  } else if (kind < 0.8) {
    pen.polygon(0, colour, [-0.6, 0.7], [between(random, -0.5, 0.5), -0.9], [0.6, 0.7]);
  } else {
    pen.line([-3, 0], [3, 0], between(random, 0.15, 0.6), colour);
  }
}

/** Adds something in front of half of the pictures: a stick across, or a ball at the lower edge. */
export function drawForeground(canvas: Canvas, random: Random): void {
  const kind = random();
  if (kind > 0.5) return;
  const { width, height } = canvas;
  const colour = anyColour(random);
  if (kind < 0.25) {
    const pen = new Pen(canvas, {
      centre: [between(random, 0.1, 0.9) * width, height / 2],
      scale: width,
      rotation: between(random, -0.5, 0.5),
    });
    pen.line([0, -1], [0, 1], between(random, 0.03, 0.08), colour);
  } else {
    const pen = new Pen(canvas, {
      centre: [between(random, 0.05, 0.95) * width, between(random, 0.85, 1.05) * height],
      scale: between(random, 0.15, 0.28) * width,
      rotation: 0,
    });
    pen.ellipse([0, 0], [1, 1], 0, colour);
    const shine = withOpacity(mix(colour, [255, 255, 255], 0.5), 0.7);
    pen.ellipse([-0.3, -0.3], [0.35, 0.35], 0, shine);
  }
}

/** Brightens one side, darkens the other, and adds camera noise. */
export function applyLightAndNoise(canvas: Canvas, random: Random): void {
  const { width, height, rgb } = canvas;
  const exposure = between(random, 0.7, 1.15);
  const direction = between(random, 0, Math.PI * 2);
  const strength = between(random, 0, 0.35);
  const tint = [between(random, 0.9, 1.1), between(random, 0.9, 1.1), between(random, 0.9, 1.1)];
  const grain = between(random, 6, 36);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const right = (column / width - 0.5) * Math.cos(direction);
      const down = (row / height - 0.5) * Math.sin(direction);
      const light = exposure * (1 + strength * 2 * (right + down));
      const pixel = (row * width + column) * 3;
      for (let channel = 0; channel < 3; channel++) {
        // Sum of two uniform numbers: mostly small, seldom large.
        const noise = (random() + random() - 1) * grain;
        const shade = light * (tint[channel] ?? 1);
        rgb[pixel + channel] = (rgb[pixel + channel] ?? 0) * shade + noise;
      }
    }
  }
}

function anyColour(random: Random): Colour {
  return [between(random, 20, 240), between(random, 20, 240), between(random, 20, 240)];
}
