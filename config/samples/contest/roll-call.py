# rehearse: weight=36
"""Reads names, answers after two seconds how many there are and which comes first."""
import sys
import time

names = sys.stdin.read().split()
time.sleep(2)
print(len(names), min(names))
