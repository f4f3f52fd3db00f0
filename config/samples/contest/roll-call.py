# rehearse: weight=36
"""Reads names, answers after four seconds how many there are and which comes first."""
import sys
import time

names = sys.stdin.read().split()
time.sleep(4)
print(len(names), min(names))
