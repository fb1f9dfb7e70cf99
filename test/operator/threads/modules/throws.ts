throw new Error("no beam today");
