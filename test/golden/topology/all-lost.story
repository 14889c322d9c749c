6.3s * all servers are killed at once
6.7s wait WaitingForMembers: every member lost its data; 0 of 3 answer again
7.3s label off s-0 on nobody
7.5s reveal s-0 s-1 s-2
7.6s prepare s-0 s-1 s-2
7.7s intent Bootstrap epoch 2 s-0 (DataLost)
7.8s promote s-0 over epoch none
7.9s establish s-0 epoch 2 n 3 w 1 replicas s-1+s-2
8.9s mark epoch 2 n 3 w 1: NewEpoch
9.0s label off nobody on s-0
9.1s clear Bootstrap epoch 2 s-0 (DataLost): DataLost
some acknowledged writes are lost
