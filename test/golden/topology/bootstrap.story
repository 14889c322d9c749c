0.0s * a store of three is created
0.0s wait WaitingForMembers: 0 of 3 members answer, 2 are needed for the first primary
0.6s reveal s-0
0.7s prepare s-0
0.8s wait WaitingForMembers: 1 of 3 members answer, 2 are needed for the first primary
1.0s reveal s-1
1.1s reveal s-2
1.2s prepare s-1 s-2
1.3s intent Bootstrap epoch 1 s-0 (FirstPrimary)
1.4s note s-0 s-1 s-2
1.5s promote s-0 over epoch none
1.6s establish s-0 epoch 1 n 3 w 1 replicas s-1+s-2
3.2s mark epoch 1 n 3 w 1: Bootstrapped
3.3s label off nobody on s-0
3.4s clear Bootstrap epoch 1 s-0 (FirstPrimary): Bootstrapped
3.5s describe s-0 joined, s-1 replica readable joined, s-2 replica readable joined
no acknowledged write is lost
