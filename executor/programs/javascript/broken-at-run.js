console.log("never seen"
