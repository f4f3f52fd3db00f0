print("never seen"
