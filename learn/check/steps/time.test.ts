import { describe, expect, test } from "vitest";
import { evidenceOf, measuredOf, nowhere } from "../testing/evidence.ts";
import { checkProbe, checkTime, passIfSeen } from "./time.ts";

const fast = evidenceOf({ wallMs: 90, probeMs: [1, 2] });
const slow = evidenceOf({ wallMs: 500, probeMs: [200, 300] });

describe("the time of a burst", () => {
  test("passes when one burst was fast enough", () => {
    expect(checkTime(measuredOf(slow, { bursts: [slow, fast] }), []).verdict).toBe("PASS");
  });

  test("fails when no burst was, on an idle machine", () => {
    const { verdict, message, diagnoses } = checkTime(measuredOf(slow), []);
    expect(verdict).toBe("FAIL");
    expect(message).toContain("500 ms");
    expect(message).toContain("up to 150 ms");
    expect(diagnoses.map(({ name }) => name)).toEqual(["slower-than-its-work"]);
  });

  test("has no diagnosis when another mistake explains it", () => {
    const sequential = { name: "sequential", finding: "", nextStep: "", numbers: {} } as const;
    const { verdict, diagnoses } = checkTime(measuredOf(slow), [sequential]);
    expect(verdict).toBe("FAIL");
    expect(diagnoses).toEqual([]);
  });

  test("is inconclusive when others use the cores", () => {
    const { verdict, message } = checkTime(measuredOf(slow, { busyCores: 1 }), []);
    expect(verdict).toBe("INCONCLUSIVE");
    expect(message).toContain("others kept 1 of 2 cores busy");
  });

  test("passes when computing calls used all cores that others left", () => {
    const tree = { threadsCpuMs: 480 };
    const computing = evidenceOf({ wallMs: 500, tree });
    const alone = {
      runsMs: [100, 101],
      cpuMs: 100,
      atOnceMs: [100],
      answers: new Map(),
      rounds: 1,
    };
    const beside = measuredOf(computing, { alone, busyCores: 1 });
    expect(checkTime(beside, []).verdict).toBe("PASS");
    // One core was left as well, and nobody worked there.
    const { verdict } = checkTime(measuredOf(computing, { alone, busyCores: 0 }), []);
    expect(verdict).toBe("FAIL");
  });

  test("is inconclusive when the work alone takes different times", () => {
    const { verdict, message } = checkTime(
      measuredOf(slow, {
        alone: { runsMs: [50, 51, 120], cpuMs: 50, atOnceMs: [], answers: new Map(), rounds: 0 },
      }),
      [],
    );
    expect(verdict).toBe("INCONCLUSIVE");
    expect(message).toContain("from 50 to 120 ms");
  });
});

describe("the probe", () => {
  test("passes when it was in time in one burst", () => {
    const measured = measuredOf(slow, { bursts: [slow, fast] });
    expect(checkProbe(measured).verdict).toBe("PASS");
  });

  test("is inconclusive when others use the cores, unless the loop was held", () => {
    const measured = measuredOf(slow, { busyCores: 1 });
    const busy = evidenceOf({ wallMs: 500, probeMs: [200], tree: { loopCpuMs: 300 } });
    const computing = measuredOf(busy, { busyCores: 1 });
    expect(checkProbe(computing).verdict).toBe("INCONCLUSIVE");
    expect(checkProbe(measured).verdict).toBe("PASS");
    expect(checkProbe({ ...measured, where: { ...nowhere, held: "waiting" } }).verdict).toBe(
      "FAIL",
    );
  });

  test("may be late where it is late without a burst, too", () => {
    expect(checkProbe(measuredOf(slow, { idleProbeMs: 40 })).verdict).toBe("PASS");
  });
});

describe("a burst without a mistake", () => {
  const starvedFor = (loopStarvedMs: number) => {
    const { tree, observed } = evidenceOf({ tree: { loopStarvedMs } });
    return measuredOf(fast, { idle: { ms: 250, loopCpuMs: 5, tree, observed } });
  };

  test("passes when its event loop seldom waited for a core without calls", () => {
    expect(passIfSeen(starvedFor(120), "").verdict).toBe("PASS");
    expect(passIfSeen(measuredOf(fast), "").verdict).toBe("PASS");
  });

  test("is inconclusive when a loop that is always busy could look idle", () => {
    const { verdict, message } = passIfSeen(starvedFor(130), "10 calls at once");
    expect(verdict).toBe("INCONCLUSIVE");
    expect(message).toContain("10 calls at once");
    expect(message).toContain("waited for a core for 130 of 250 ms");
  });
});
