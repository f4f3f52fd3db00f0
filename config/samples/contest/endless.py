# rehearse: weight=1 verdict=TimeLimit wallMillis=2000
"""Waits for input that never says stop. The right verdict is TimeLimit, after two seconds."""
import time

while True:
    time.sleep(1)
